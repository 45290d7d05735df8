//! `dlq replay` with a patch or an editor: the message is repaired before it is sent.

use std::process::Stdio;

use serde_json::{Value, json};

use super::setup::{make_message, stdout_of};
use crate::system::{Sandbox, sample};

#[tokio::test]
async fn a_patch_repairs_a_dead_letter_and_a_useless_patch_leaves_it() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    // The order's total differs from the sum of its items, as after a bug of the sender.
    let good = make_message(&sample("order-minimal.json"));
    let mut broken: Value = serde_json::from_str(&good.to_json()).unwrap();
    broken["order"]["total"] = json!("0.01");
    system.send("orders", &broken.to_string()).await;
    let id = good.order_id.to_string();
    system.wait_for_dead_letter(&id).await;

    let useless = sandbox.file("useless.json");
    std::fs::write(&useless, r#"{"order":{"currency":"ABC"}}"#).unwrap();
    let refused = system.orderctl(&["dlq", "replay", &id, "--patch", useless.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("/currency"), "{error}");
    assert_eq!(system.count_messages("orders-dlq").await, 1);

    let operations = sandbox.file("operations.json");
    std::fs::write(&operations, r#"[{"op":"remove","path":"/order/total"}]"#).unwrap();
    let replayed =
        stdout_of(&system.orderctl(&["dlq", "replay", &id, "--patch", operations.to_str().unwrap()]));
    assert_eq!(replayed, "replayed 1, failed 0, skipped 0\n");
    system.wait_until_notified(&id).await;
    assert_eq!(system.count_messages("orders-dlq").await, 0);
}

#[tokio::test]
async fn an_editor_repairs_a_dead_letter() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let good = make_message(&sample("order-minimal.json"));
    let id = good.order_id.to_string();
    let mut broken: Value = serde_json::from_str(&good.to_json()).unwrap();
    broken["order"]["total"] = json!("0.01");
    system.send("orders", &broken.to_string()).await;
    system.wait_for_dead_letter(&id).await;
    let edit = |editor: &str| {
        let mut command = sandbox.orderctl();
        command
            .args(["dlq", "replay", &id, "--edit"])
            .env("VISUAL", editor)
            .stdin(Stdio::null());
        stdout_of(&command.output().unwrap())
    };
    assert_eq!(edit("true"), "replayed 0, failed 0, skipped 1\n");
    let total = good.order.total().decimal();
    let editor = format!("sed -i.bak 's/\"0[.]01\"/\"{total}\"/'");
    assert_eq!(edit(&editor), "replayed 1, failed 0, skipped 0\n");
    system.wait_until_notified(&id).await;
}
