//! The contract with scripts: exit codes, JSON, and the ends of commands that are interrupted.

use std::process::{Command, Stdio};

use integration_tests::process::signal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Sandbox, System, eventually, orderctl, sample, sample_path};

/// Exit code, standard output and standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Makes different orders of one customer.
fn make_orders(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            let mut order = sample("order-minimal.json");
            order["note"] = format!("number {number}").into();
            order
        })
        .collect()
}

fn write_lines(sandbox: &Sandbox, name: &str, orders: &[Value]) -> String {
    let path = sandbox.file(name);
    let text: Vec<String> = orders.iter().map(Value::to_string).collect();
    std::fs::write(&path, format!("\u{feff}{}\n", text.join("\n"))).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn many_orders_are_placed_once_however_often_the_command_runs() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let orders = make_orders(230);
    let first = write_lines(&sandbox, "some orders.jsonl", &orders[..120]);
    let all = sandbox.file("all.json");
    std::fs::write(&all, serde_json::to_string(&orders).unwrap()).unwrap();
    // As if the first command had been interrupted.
    let (code, out, error) = run(sandbox.orderctl().args(["place", &first]));
    assert_eq!(code, Some(0), "{error}");
    let ids: Vec<&str> = out.lines().collect();
    assert_eq!(ids.len(), 120);
    assert!(
        error.contains("accepted 120 of 120, refused 0, not sent 0"),
        "{error}"
    );

    let (code, out, error) = run(sandbox
        .orderctl()
        .args(["place", all.to_str().unwrap(), "--json"]));
    assert_eq!(code, Some(0), "{error}");
    let results = lines(&out);
    let summary = json!({ "orders": 230, "accepted": 230, "refused": 0, "not_sent": 0, "version": 1 });
    assert_eq!(results.last(), Some(&summary));
    for (result, id) in results.iter().zip(&ids) {
        assert_eq!(result["accepted"]["order_id"], **id);
    }
    for result in &results[..230] {
        system
            .wait_until_stored(result["accepted"]["order_id"].as_str().unwrap())
            .await;
    }
    assert_eq!(system.count_rows().await, 230);
}

#[tokio::test]
async fn a_wrong_order_among_many_is_named_and_the_others_are_placed() {
    let sandbox = Sandbox::new();
    let _system = sandbox.start_with(&[]).await;
    let [good, bad] =
        ["order.json", "order-invalid.json"].map(|name| sample_path(name).to_str().unwrap().to_owned());
    let (code, out, error) = run(sandbox.orderctl().args(["place", &good, &bad, &good]));
    assert_eq!(code, Some(1));
    // The same order twice in one command is two orders.
    let ids: std::collections::BTreeSet<&str> = out.lines().collect();
    assert_eq!(ids.len(), 2, "{out} {error}");
    assert!(
        error.contains("order 2 (key ") && error.contains("/items/0"),
        "{error}"
    );
    assert!(
        error.contains("accepted 2 of 3, refused 1, not sent 0"),
        "{error}"
    );
}

#[tokio::test]
async fn a_list_says_how_to_see_more() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let orders = make_orders(3);
    let customer = orders[0]["customer"]["id"].as_str().unwrap().to_owned();
    for order in &orders {
        system.wait_until_stored(&system.place(order).await).await;
    }
    let list = |limit: &str| {
        run(sandbox
            .orderctl()
            .args(["list", "--customer", &customer, "--limit", limit, "--json"]))
    };
    eventually("the index has all three", async || {
        (lines(&list("3").1).len() == 3).then_some(())
    })
    .await;
    let (code, out, error) = list("2");
    assert_eq!((code, lines(&out).len()), (Some(0), 2));
    let hint = error.split("show them by: ").nth(1).unwrap();
    // Each printed command can be typed.
    let typed = format!(
        "\"$0\" {}",
        hint.trim()
            .split_once(' ')
            .unwrap()
            .1
            .trim_start_matches("run -q -- ")
    );
    let program = sandbox.orderctl().get_program().to_owned();
    let (code, out, _) = run(Command::new("sh").args(["-c", &typed]).arg(program));
    assert_eq!((code, out.lines().count()), (Some(0), 4), "{out}");
    assert!(list("4").2.is_empty());
}

#[tokio::test]
async fn waiting_ends_when_the_order_is_a_dead_letter() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let id = Uuid::now_v7().to_string();
    system
        .send("orders", &json!({ "order_id": id }).to_string())
        .await;
    system.wait_for_dead_letter(&id).await;
    let (code, _, error) = run(sandbox.orderctl().args(["get", &id, "--wait", "1000"]));
    assert_eq!(code, Some(1));
    assert!(error.contains("could not be processed: malformed"), "{error}");
    // The letter is visible for others.
    assert_eq!(
        lines(&run(sandbox.orderctl().args(["dlq", "list", "--json"])).1).len(),
        1
    );
}

/// Starts a slow replay of dead letters, and waits until it holds some.
async fn interrupt_replay(sandbox: &Sandbox, system: &System, name: &str) {
    // Sent to `orders`, they could become one batch, of which order-worker puts all off.
    for number in 0..40 {
        system.send("orders-dlq", &format!("poison {number}")).await;
    }
    let mut command = sandbox.orderctl();
    command
        .args([
            "dlq",
            "replay",
            "--reason",
            "attempts_exhausted",
            "--rate",
            "1/s",
            "--json",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    eventually("the replay holds dead letters", async || {
        let (_, out, _) = run(sandbox.orderctl().args(["status", "--json"]));
        let status: Value = serde_json::from_str(&out).unwrap();
        let queues = status["queues"].as_array().unwrap();
        let letters = queues.iter().find(|queue| queue["name"] == "orders-dlq").unwrap();
        (letters["in_flight"].as_u64().unwrap() > 0).then_some(())
    })
    .await;
    signal(name, child.id()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counts["version"], 1);
}

#[tokio::test]
async fn every_stop_signal_gives_hidden_dead_letters_back() {
    for name in ["TERM", "HUP", "INT"] {
        let sandbox = Sandbox::new();
        let system = sandbox.start_with(&[]).await;
        interrupt_replay(&sandbox, &system, name).await;
        let (_, out, _) = run(sandbox.orderctl().args(["status", "--json"]));
        let status: Value = serde_json::from_str(&out).unwrap();
        let queues = status["queues"].as_array().unwrap();
        let letters = queues.iter().find(|queue| queue["name"] == "orders-dlq").unwrap();
        assert_eq!(letters["in_flight"], 0, "{name}: {letters}");
    }
}

#[tokio::test]
async fn every_result_is_a_versioned_document() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    system.send("orders", "poison").await;
    system.wait_for_dead_letter("poison").await;
    let archive = sandbox.file("archive.jsonl");
    let [archive, backup] =
        [archive, sandbox.file("backup.jsonl")].map(|path| path.to_str().unwrap().to_owned());
    for (arguments, field) in [
        (&["faults", "--json"][..], "active"),
        (&["dlq", "export", &archive, "--json"], "exported"),
        (
            &[
                "dlq",
                "replay",
                "--all",
                "--dry-run",
                "--queue",
                "orders",
                "--json",
            ],
            "predicted",
        ),
        (
            &["dlq", "purge", "--all", "--yes", "--backup", &backup, "--json"],
            "purged",
        ),
        (&["dlq", "import", &archive, "--json"], "imported"),
        (&["dlq", "replay", "--all", "--json"], "replayed"),
        (&["load", "--count", "2", "--json"], "accepted"),
    ] {
        let (code, out, error) = run(sandbox.orderctl().args(arguments));
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        let documents = lines(&out);
        let last = documents.last().unwrap();
        assert_eq!(last["version"], 1, "{arguments:?}: {last}");
        assert!(!last[field].is_null(), "{arguments:?}: {last}");
        if field == "predicted" {
            assert_eq!(documents[0]["outcome"], "invalid");
            assert_eq!(last["predicted"], json!({ "invalid": 1 }));
        }
    }
}

#[test]
fn wrong_usage_says_what_to_do() {
    let _time_limit = crate::system::start_time_limit();
    for (arguments, expected) in [
        (&["dlq", "replay"][..], "--all"),
        (&["dlq", "purge", "--queue", "orders"], "--all"),
        (&["list", "--customer", "c", "--limit", "0"], "0"),
        (&["get"], "get ID"),
        (&["--target", "aws", "load"], "--yes-on orders"),
        (
            &["--target", "aws", "--stack", "prod", "load", "--yes-on", "orders"],
            "--yes-on prod",
        ),
        (&["--target", "aws", "confirm", "arn"], "by the link in the mail"),
        (&["place", "-", "-"], "only once"),
    ] {
        let (code, _, error) = run(orderctl().env_remove("ORDERS_TARGET").args(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    // 1: there is no such file. 3: nothing listens there.
    let (code, _, _) = run(orderctl().args(["place", "no such file"]));
    assert_eq!(code, Some(1));
    let sample = sample_path("order.json");
    let place = [
        "--api-url",
        "http://127.0.0.1:1",
        "place",
        sample.to_str().unwrap(),
    ];
    assert_eq!(run(orderctl().args(place)).0, Some(3));
    let (code, out, _) = run(orderctl().arg("--help"));
    assert_eq!(code, Some(0));
    assert!(out.contains("3 the system cannot be reached"), "{out}");
}
