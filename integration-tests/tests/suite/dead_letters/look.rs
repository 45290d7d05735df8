//! `dlq show`, `dlq list` and dry runs: they change nothing.

use serde_json::json;

use super::setup::{make_message, send_dead_letters, stdout_of};
use crate::system::{Sandbox, sample};

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_replay_outcome_and_without_personal_data() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let order = sample("order.json");
    let id = system.place(&order).await;
    system.wait_until_notified(&id).await;
    let mut other = order.clone();
    other["note"] = json!("another note");
    let mut conflicting = make_message(&other);
    conflicting.order_id = id.parse().unwrap();
    system.send("orders", &conflicting.to_json()).await;
    let dead_letter = system.wait_for_dead_letter("another note").await;

    let message_id = dead_letter["message_id"].as_str().unwrap();
    let shown = stdout_of(&system.orderctl(&["dlq", "show", message_id]));
    assert!(shown.contains("reason    conflict"), "{shown}");
    assert!(
        shown.contains("another order is stored under this id; different: /note"),
        "{shown}"
    );
    for personal in ["ada@example.com", "Ada Example", "another note"] {
        assert!(!shown.contains(personal), "{shown}");
    }
    let revealed = stdout_of(&system.orderctl(&["dlq", "show", &id, "--reveal"]));
    assert!(revealed.contains("another note"), "{revealed}");
    assert_eq!(
        system.orderctl(&["dlq", "show", "no-such-message"]).status.code(),
        Some(1)
    );
    // Every dead letter is visible again at once.
    assert_eq!(
        system.wait_for_dead_letter("another note").await["message_id"],
        message_id
    );
}

#[tokio::test]
async fn a_list_is_filtered_and_has_a_summary() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    send_dead_letters(&system, 12).await;
    system.send("orders-dlq", "no reason").await;
    let text = stdout_of(&system.orderctl(&["dlq", "list"]));
    assert_eq!(
        text.lines().last(),
        Some("13 dead letters: 12 timeout, 1 attempts_exhausted")
    );
    let count = |arguments: &[&str]| {
        let mut command = vec!["dlq", "list", "--json"];
        command.extend(arguments);
        system.read_json_lines(&command).len()
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
async fn a_dry_run_prints_the_replay_outcomes_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    send_dead_letters(&system, 2).await;
    system.send("orders-dlq", "poison").await;
    let printed = stdout_of(&system.orderctl(&["dlq", "replay", "--all", "--dry-run"]));
    assert!(printed.contains("\n2 would be stored\n"), "{printed}");
    assert!(printed.contains("1 would fail: not valid"), "{printed}");
    assert_eq!(
        (
            system.count_messages("orders-dlq").await,
            system.count_rows().await
        ),
        (3, 0)
    );
}
