//! The operator's command against a running system.

use std::process::Stdio;

use crate::system::{Sandbox, orderctl, sample, sample_path};

#[tokio::test]
async fn place_get_and_inbox_find_the_system_by_its_directory() {
    let sandbox = Sandbox::new();
    let _system = sandbox.start().await;
    let run = |arguments: &[&str]| {
        let output = sandbox.orderctl().args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let file = sample_path("order.json");
    let id = run(&["place", file.to_str().unwrap(), "--idempotency-key", "k-1"]);
    assert_eq!(
        run(&["place", file.to_str().unwrap(), "--idempotency-key", "k-1"]),
        id
    );
    let id = id.trim();
    let shown = run(&["get", id, "--wait"]);
    assert!(shown.contains(id) && shown.contains("EUR 64.60"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&run(&["get", id, "--json"])).unwrap();
    assert_eq!(json["items"], sample("order.json")["items"]);
    run(&["inbox"]);
    assert_eq!(run(&["dlq", "list", "--json"]), "");
}

#[tokio::test]
async fn an_order_is_read_from_standard_input() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let file = std::fs::File::open(sample_path("order-jpy.json")).unwrap();
    let mut command = orderctl();
    command
        .args(["--api-url", &system.api_url, "place", "-"])
        .stdin(Stdio::from(file));
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let id = String::from_utf8(output.stdout).unwrap();
    assert_eq!(system.wait_until_stored(id.trim()).await["total"], "7190");
}

#[tokio::test]
async fn the_errors_of_an_order_are_printed_line_by_line() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let file = sample_path("order-invalid.json");
    let output = system.orderctl(&["place", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("/items/0"), "{error}");
}

#[tokio::test]
async fn an_unknown_order_fails() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let output = system.orderctl(&["get", "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn without_a_system_the_error_says_how_to_start_one() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["inbox"][..],
        &["get", "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b"],
        &["dlq", "list"],
    ] {
        let output = sandbox.orderctl().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("up"), "{error}");
    }
    assert_eq!(
        orderctl().arg("nonsense").output().unwrap().status.code(),
        Some(2)
    );
}

#[tokio::test]
async fn the_way_of_an_order_is_shown_by_its_key_and_by_its_id() {
    let sandbox = Sandbox::new();
    let _system = sandbox.start().await;
    let run = |arguments: &[&str]| {
        let output = sandbox.orderctl().args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    };
    let file = sample_path("order.json");
    let (_, id) = run(&[
        "place",
        file.to_str().unwrap(),
        "--idempotency-key",
        "checkout-42",
    ]);
    let id = id.trim();
    let (code, shown) = run(&["get", "--key", "checkout-42", "--wait", "--json"]);
    assert_eq!(code, Some(0));
    let order: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(order["order_id"], id);
    let trace = loop {
        let (code, shown) = run(&["trace", "--key", "checkout-42", "--json"]);
        assert_eq!(code, Some(0), "{shown}");
        let trace: serde_json::Value = serde_json::from_str(&shown).unwrap();
        if trace["stage"] == "notified" {
            break trace;
        }
    };
    assert_eq!(trace["order_id"], id);
    let steps = trace["steps"].as_array().unwrap();
    let from = |source: &str| steps.iter().filter(|step| step["source"] == source).count();
    assert_eq!(
        (from("row"), from("order-api"), from("mailbox")),
        (3, 1, 1),
        "{trace}"
    );
    assert_eq!(trace["unread"], serde_json::json!([]));
    let (code, shown) = run(&["trace", id]);
    assert_eq!(code, Some(0));
    assert!(
        shown.contains("its email was sent") && shown.contains("answered 202"),
        "{shown}"
    );
    let (code, _) = run(&["trace", "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b"]);
    assert_eq!(code, Some(1));
}
