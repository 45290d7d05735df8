//! What an operator does with dead letters: look, understand, mend, replay, delete, keep.
//!
//! They count letters and rows, and stop what they began: each needs a system of its own.

use std::collections::{HashMap, HashSet};
use std::process::{Output, Stdio};

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use order_core::{Order, OrderMessage};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Home, System, eventually, sample, signal};

/// A message of an order that was accepted, under a new id.
fn message(order: &Value) -> OrderMessage {
    let id = Uuid::now_v7().to_string().parse().unwrap();
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    OrderMessage::new(id, accepted_at, Order::parse(order).unwrap())
}

/// Puts letters about valid orders into the dead-letter queue, as after an outage; the orders' ids.
async fn bury(system: &System, count: usize) -> Vec<String> {
    let messages: Vec<OrderMessage> = (0..count)
        .map(|_| message(&sample("order-minimal.json")))
        .collect();
    let sqs = system.sqs().await;
    let url = system.queue_url(&sqs, "orders-dlq").await;
    for chunk in messages.chunks(10) {
        let entries = chunk.iter().enumerate().map(|(index, message)| {
            let reason = MessageAttributeValue::builder()
                .data_type("String")
                .string_value("timeout");
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(message.to_json())
                .message_attributes("error_code", reason.build().unwrap())
                .build()
                .unwrap()
        });
        let sent = sqs
            .send_message_batch()
            .queue_url(&url)
            .set_entries(Some(entries.collect()))
            .send()
            .await;
        assert!(sent.unwrap().failed.is_empty());
    }
    messages
        .iter()
        .map(|message| message.order_id.to_string())
        .collect()
}

/// What a command printed; it has to have ended well.
fn done(output: &Output) -> String {
    let [out, error] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{out}\n{error}");
    out
}

/// The lines that a command has added to an audit log.
fn audit_lines(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn a_letter_is_shown_with_its_prospect_and_without_personal_data() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let order = sample("order.json");
    let id = system.place(&order).await;
    system.notified(&id).await;
    let mut other = order.clone();
    other["note"] = json!("another note");
    let mut conflicting = message(&other);
    conflicting.order_id = id.parse().unwrap();
    system.send("orders", &conflicting.to_json()).await;
    let letter = system.dead_letter("another note").await;

    let message_id = letter["message_id"].as_str().unwrap();
    let shown = done(&system.orderctl(&["dlq", "show", message_id]));
    assert!(shown.contains("reason    conflict"), "{shown}");
    assert!(
        shown.contains("another order is stored under this id; different: /note"),
        "{shown}"
    );
    for personal in ["ada@example.com", "Ada Example", "another note"] {
        assert!(!shown.contains(personal), "{shown}");
    }
    let revealed = done(&system.orderctl(&["dlq", "show", &id, "--reveal"]));
    assert!(revealed.contains("another note"), "{revealed}");
    assert_eq!(
        system.orderctl(&["dlq", "show", "no-such-letter"]).status.code(),
        Some(1)
    );
    // A look gives everything back at once.
    assert_eq!(system.dead_letter("another note").await["message_id"], message_id);
}

#[tokio::test]
async fn a_list_is_filtered_and_summed_up() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    bury(&system, 12).await;
    system.send("orders-dlq", "no reason").await;
    let text = done(&system.orderctl(&["dlq", "list"]));
    assert_eq!(
        text.lines().last(),
        Some("13 dead letters: 12 timeout, 1 attempts_exhausted")
    );
    let count = |arguments: &[&str]| {
        let mut line = vec!["dlq", "list", "--json"];
        line.extend(arguments);
        system.json_lines(&line).len()
    };
    assert_eq!(count(&["--reason", "timeout"]), 12);
    assert_eq!(count(&["--contains", "no reason"]), 1);
    assert_eq!(count(&["--older-than", "1h"]), 0);
    assert_eq!(count(&["--queue", "notifications"]), 0);
    assert_eq!(
        count(&["--reason", "timeout", "--reason", "attempts_exhausted"]),
        13
    );
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    bury(&system, 2).await;
    system.send("orders-dlq", "poison").await;
    let said = done(&system.orderctl(&["dlq", "replay", "--all", "--dry-run"]));
    assert!(said.contains("\n2 would be stored\n"), "{said}");
    assert!(said.contains("1 would fail: not valid"), "{said}");
    assert_eq!(
        (system.queue_depth("orders-dlq").await, system.rows().await),
        (3, 0)
    );
}

#[tokio::test]
async fn a_patch_mends_a_letter_and_one_that_would_fail_again_stays() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    // The order says another total than its items: whoever made it had a bug.
    let good = message(&sample("order-minimal.json"));
    let mut broken: Value = serde_json::from_str(&good.to_json()).unwrap();
    broken["order"]["total"] = json!("0.01");
    system.send("orders", &broken.to_string()).await;
    let id = good.order_id.to_string();
    system.dead_letter(&id).await;

    let useless = home.file("useless.json");
    std::fs::write(&useless, r#"{"order":{"currency":"ABC"}}"#).unwrap();
    let refused = system.orderctl(&["dlq", "replay", &id, "--patch", useless.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("/currency"), "{said}");
    assert_eq!(system.queue_depth("orders-dlq").await, 1);

    let operations = home.file("operations.json");
    std::fs::write(&operations, r#"[{"op":"remove","path":"/order/total"}]"#).unwrap();
    let mended = done(&system.orderctl(&["dlq", "replay", &id, "--patch", operations.to_str().unwrap()]));
    assert_eq!(mended, "replayed 1, failed 0, skipped 0\n");
    system.notified(&id).await;
    assert_eq!(system.queue_depth("orders-dlq").await, 0);
}

#[tokio::test]
async fn an_editor_mends_a_letter() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let good = message(&sample("order-minimal.json"));
    let id = good.order_id.to_string();
    let mut broken: Value = serde_json::from_str(&good.to_json()).unwrap();
    broken["order"]["total"] = json!("0.01");
    system.send("orders", &broken.to_string()).await;
    system.dead_letter(&id).await;
    let edit = |editor: &str| {
        let mut command = home.orderctl();
        command
            .args(["dlq", "replay", &id, "--edit"])
            .env("VISUAL", editor)
            .stdin(Stdio::null());
        done(&command.output().unwrap())
    };
    assert_eq!(edit("true"), "replayed 0, failed 0, skipped 1\n");
    let total = good.order.total().decimal();
    let editor = format!("sed -i.bak 's/\"0[.]01\"/\"{total}\"/'");
    assert_eq!(edit(&editor), "replayed 1, failed 0, skipped 0\n");
    system.notified(&id).await;
}

#[tokio::test]
async fn letters_survive_a_file_byte_by_byte() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let sqs = system.sqs().await;
    let url = system.queue_url(&sqs, "orders-dlq").await;
    let bodies = ["AP8H//==", "not JSON \"\\\n\t\u{1f375}", "{\"a\": [1,  2]}"];
    let value = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
    let attributes = HashMap::from([
        (
            "noise".to_owned(),
            value("Binary.png")
                .binary_value(Blob::new((0..=255).collect::<Vec<u8>>()))
                .build()
                .unwrap(),
        ),
        (
            "number".to_owned(),
            value("Number.int").string_value("12").build().unwrap(),
        ),
    ]);
    for body in bodies {
        let send = sqs.send_message().queue_url(&url).message_body(body);
        send.set_message_attributes(Some(attributes.clone()))
            .send()
            .await
            .unwrap();
    }
    let file = home.file("letters.jsonl");
    let file = file.to_str().unwrap();
    done(&system.orderctl(&["dlq", "export", file]));
    assert_eq!(system.queue_depth("orders-dlq").await, 3);

    let log = home.file("audit.jsonl");
    let log_argument = log.to_str().unwrap();
    let backup = home.file("backup.jsonl");
    let purge = [
        "dlq",
        "purge",
        "--all",
        "--backup",
        backup.to_str().unwrap(),
        "--audit-log",
        log_argument,
    ];
    // Nobody can be asked.
    assert_eq!(system.orderctl(&purge).status.code(), Some(1));
    assert_eq!(system.queue_depth("orders-dlq").await, 3);
    let mut purge = purge.to_vec();
    purge.extend(["--yes", "--actor", "ada"]);
    let purged = done(&system.orderctl(&purge));
    assert!(
        purged.starts_with("purged 3, failed 0; they are kept in "),
        "{purged}"
    );
    assert_eq!(system.queue_depth("orders-dlq").await, 0);
    let mut kept: Vec<String> = Vec::new();
    for path in [file, backup.to_str().unwrap()] {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        kept.push(lines.join("\n"));
    }
    assert_eq!(kept[0], kept[1]);

    assert_eq!(
        done(&system.orderctl(&["dlq", "import", file, "--audit-log", log_argument])),
        "imported 3, failed 0\n"
    );
    let mut back = HashSet::new();
    while back.len() < bodies.len() {
        let received = sqs
            .receive_message()
            .queue_url(&url)
            .message_attribute_names("All")
            .send()
            .await
            .unwrap();
        for message in received.messages.unwrap() {
            assert_eq!(message.message_attributes.unwrap(), attributes);
            back.insert(message.body.unwrap());
        }
    }
    assert_eq!(back, bodies.map(str::to_owned).into());

    let lines = audit_lines(&log);
    let of = |action: &str, state: &str| {
        lines
            .iter()
            .find(|line| line["action"] == action && line["state"] == state)
            .unwrap()
    };
    assert_eq!(of("purge", "ended")["purged"], 3);
    assert_eq!(of("purge", "begun")["actor"], "ada");
    assert_eq!(of("import", "ended")["imported"], 3);
}

/// A replay that is begun and not waited for.
fn replaying(home: &Home, arguments: &[&str]) -> std::process::Child {
    let mut command = home.orderctl();
    command
        .args(["dlq", "replay", "--reason", "timeout"])
        .args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until some of 120 letters have left. Their rows would tell it later, perhaps when none is left.
async fn under_way(system: &System) {
    eventually("the replay is under way", async || {
        (system.queue_depth("orders-dlq").await < 100).then_some(())
    })
    .await;
}

#[tokio::test]
async fn kill_9_in_the_middle_of_a_replay_loses_nothing() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let ids = bury(&system, 120).await;
    let mut replay = replaying(&home, &["--rate", "20/s", "--visibility-seconds", "8"]);
    under_way(&system).await;
    replay.kill().unwrap();
    replay.wait().unwrap();
    assert!(
        system.queue_depth("orders-dlq").await > 0,
        "it was over before it was killed"
    );
    // What it held comes back by itself.
    eventually("every letter was replayed", async || {
        done(&system.orderctl(&["dlq", "replay", "--reason", "timeout"]));
        (system.queue_depth("orders-dlq").await == 0).then_some(())
    })
    .await;
    for id in &ids {
        system.stored(id).await;
    }
    assert_eq!(system.rows().await, ids.len());
}

#[tokio::test]
async fn ctrl_c_stops_a_replay_and_it_says_where_it_stands() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let ids = bury(&system, 120).await;
    let replay = replaying(&home, &["--rate", "20/s", "--json"]);
    under_way(&system).await;
    signal("INT", replay.id());
    let output = replay.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let tally: Value = serde_json::from_slice(&output.stdout).unwrap();
    let replayed = tally["replayed"].as_u64().unwrap();
    let left = system.queue_depth("orders-dlq").await;
    assert_eq!(replayed + left, ids.len() as u64);
    assert!(
        error.contains(&format!("stopped: about {left} letters remain in orders-dlq")),
        "{error}"
    );
    // All that was held can be had at once.
    assert_eq!(system.json_lines(&["dlq", "list", "--json"]).len() as u64, left);
}

#[tokio::test]
async fn a_queue_that_fills_while_it_is_replayed_is_not_replayed_for_ever() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let early = bury(&system, 60).await;
    let replay = replaying(&home, &["--rate", "60/s", "--json"]);
    eventually("the replay is under way", async || {
        (system.rows().await > 5).then_some(())
    })
    .await;
    let mut late = bury(&system, 30).await;
    late.sort();
    let output = replay.wait_with_output().unwrap();
    let tally: Value = serde_json::from_str(&done(&output)).unwrap();
    assert_eq!((&tally["replayed"], &tally["failed"]), (&json!(60), &json!(0)));
    for id in &early {
        system.stored(id).await;
    }
    let left: Vec<Value> = system.json_lines(&["dlq", "list", "--json"]);
    let mut left: Vec<String> = left
        .iter()
        .map(|letter| letter["order_id"].as_str().unwrap().to_owned())
        .collect();
    left.sort();
    assert_eq!(left, late);
}

#[tokio::test]
async fn what_fails_again_comes_back_once() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    for n in 0..5 {
        system.send("orders", &format!("poison {n}")).await;
    }
    let letters = async |count: usize| {
        eventually("the letters are there", async || {
            let letters = system.dead_letters("poison");
            (letters.len() == count).then_some(letters)
        })
        .await
    };
    letters(5).await;
    let log = home.file("audit.jsonl");
    let said = done(&system.orderctl(&[
        "dlq",
        "replay",
        "--reason",
        "malformed",
        "--audit-log",
        log.to_str().unwrap(),
    ]));
    assert!(said.starts_with("replayed 5, failed 0, skipped 0"), "{said}");
    for letter in letters(5).await {
        assert_eq!(
            (&letter["reason"], &letter["receive_count"]),
            (&json!("malformed"), &json!(1))
        );
    }
    let lines = audit_lines(&log);
    assert_eq!((lines.len(), &lines[1]["replayed"]), (2, &json!(5)));
}

#[tokio::test]
async fn a_move_without_a_destination_fails_as_on_aws_and_ours_names_one() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let ids = bury(&system, 3).await;
    let sqs = system.sqs().await;
    let source = "arn:aws:sqs:us-east-1:000000000000:orders-dlq";
    sqs.start_message_move_task()
        .source_arn(source)
        .send()
        .await
        .unwrap();
    let failed = eventually("the move has ended", async || {
        let tasks = sqs
            .list_message_move_tasks()
            .source_arn(source)
            .send()
            .await
            .unwrap();
        let task = tasks.results.unwrap().remove(0);
        (task.status.as_deref() != Some("RUNNING")).then_some(task)
    })
    .await;
    assert_eq!(
        (failed.status.as_deref(), failed.failure_reason.as_deref()),
        (Some("FAILED"), Some("CouldNotDetermineMessageSource"))
    );
    assert_eq!(
        done(&system.orderctl(&["dlq", "replay", "--all", "--rate", "500/s"])),
        "replayed 3, failed 0, skipped 0\n"
    );
    for id in &ids {
        system.stored(id).await;
    }
    assert_eq!(
        system
            .orderctl(&["dlq", "replay", "--all", "--rate", "501/s"])
            .status
            .code(),
        Some(1)
    );
}

/// `--target aws` asks `CloudFormation` for what no flag names; with every flag it needs none, nor a data directory.
#[tokio::test]
async fn a_target_on_aws_is_found_by_flags_and_an_endpoint() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    bury(&system, 1).await;
    let run = |arguments: &[&str]| {
        let mut command = crate::system::orderctl();
        command
            .args(["--target", "aws", "--region", "us-east-1"])
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &system.aws_endpoint_url)
            .env("AWS_ACCESS_KEY_ID", "operator")
            .env("AWS_SECRET_ACCESS_KEY", "operator")
            .env_remove("AWS_PROFILE");
        command.output().unwrap()
    };
    let listed = done(&run(&[
        "--orders-dlq-url",
        "orders-dlq",
        "--orders-queue-url",
        "orders",
        "dlq",
        "list",
        "--queue",
        "orders",
    ]));
    assert!(listed.contains("1 dead letter: 1 timeout"), "{listed}");
    let log = home.file("audit.jsonl");
    let replayed = done(&run(&[
        "--orders-dlq-url",
        "orders-dlq",
        "--orders-queue-url",
        "orders",
        "--orders-table",
        "orders",
        "dlq",
        "replay",
        "--queue",
        "orders",
        "--reason",
        "timeout",
        "--audit-log",
        log.to_str().unwrap(),
    ]));
    assert_eq!(replayed, "replayed 1, failed 0, skipped 0\n");
    // Who it was is what STS says.
    let actor = audit_lines(&log)[0]["actor"].as_str().unwrap().to_owned();
    assert!(actor.starts_with("arn:aws:"), "{actor}");
    // This machine has no CloudFormation: what to do instead is said.
    let unknown = run(&["dlq", "list"]);
    assert_eq!(unknown.status.code(), Some(1));
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        error.contains("--stack") && error.contains("--orders-dlq-url"),
        "{error}"
    );
}
