//! `dlq replay` of many dead letters: interrupted, killed, beside new dead letters, and beside SQS's own move tasks.

use std::process::{Child, Stdio};

use integration_tests::process::signal;
use serde_json::{Value, json};

use super::setup::{read_audit_log, send_dead_letters, stdout_of};
use crate::system::{Sandbox, System, eventually};

/// Starts a replay without waiting for its end.
fn start_replay(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = sandbox.orderctl();
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

/// Waits until a replay has sent some of 120 dead letters. The queue shows it earlier than the table.
async fn wait_for_first_replayed(system: &System) {
    eventually("the replay has sent some dead letters", async || {
        (system.count_messages("orders-dlq").await < 100).then_some(())
    })
    .await;
}

#[tokio::test]
async fn kill_9_in_the_middle_of_a_replay_loses_nothing() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let ids = send_dead_letters(&system, 120).await;
    let mut replay = start_replay(&sandbox, &["--rate", "20/s", "--visibility-seconds", "8"]);
    wait_for_first_replayed(&system).await;
    replay.kill().unwrap();
    replay.wait().unwrap();
    assert!(
        system.count_messages("orders-dlq").await > 0,
        "the replay ended before it was killed"
    );
    // The dead letters that it had in flight come back after their visibility timeout.
    eventually("every dead letter was replayed", async || {
        stdout_of(&system.orderctl(&["dlq", "replay", "--reason", "timeout"]));
        (system.count_messages("orders-dlq").await == 0).then_some(())
    })
    .await;
    for id in &ids {
        system.wait_until_stored(id).await;
    }
    assert_eq!(system.count_rows().await, ids.len());
}

#[tokio::test]
async fn ctrl_c_stops_a_replay_which_prints_its_progress() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let ids = send_dead_letters(&system, 120).await;
    let replay = start_replay(&sandbox, &["--rate", "20/s", "--json"]);
    wait_for_first_replayed(&system).await;
    signal("INT", replay.id()).unwrap();
    let output = replay.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let counts: Value = serde_json::from_slice(&output.stdout).unwrap();
    let replayed = counts["replayed"].as_u64().unwrap();
    let left = system.count_messages("orders-dlq").await;
    assert_eq!(replayed + left, ids.len() as u64);
    assert!(
        error.contains(&format!("stopped: about {left} letters remain in orders-dlq")),
        "{error}"
    );
    // Every dead letter that it had in flight is visible again at once.
    assert_eq!(
        system.read_json_lines(&["dlq", "list", "--json"]).len() as u64,
        left
    );
}

#[tokio::test]
async fn a_queue_that_fills_while_it_is_replayed_is_not_replayed_for_ever() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let early = send_dead_letters(&system, 60).await;
    let replay = start_replay(&sandbox, &["--rate", "60/s", "--json"]);
    eventually("the replay has sent some dead letters", async || {
        (system.count_rows().await > 5).then_some(())
    })
    .await;
    let mut late = send_dead_letters(&system, 30).await;
    late.sort();
    let output = replay.wait_with_output().unwrap();
    let counts: Value = serde_json::from_str(&stdout_of(&output)).unwrap();
    assert_eq!((&counts["replayed"], &counts["failed"]), (&json!(60), &json!(0)));
    for id in &early {
        system.wait_until_stored(id).await;
    }
    let left: Vec<Value> = system.read_json_lines(&["dlq", "list", "--json"]);
    let mut left: Vec<String> = left
        .iter()
        .map(|dead_letter| dead_letter["order_id"].as_str().unwrap().to_owned())
        .collect();
    left.sort();
    assert_eq!(left, late);
}

#[tokio::test]
async fn a_message_that_fails_again_comes_back_once() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    // Five in one batch would be put off, because the parser may be wrong.
    for n in 0..4 {
        system.send("orders", &format!("poison {n}")).await;
    }
    let wait_for_four = async || {
        eventually("four dead letters are there", async || {
            let dead_letters = system.list_dead_letters("poison");
            (dead_letters.len() == 4).then_some(dead_letters)
        })
        .await
    };
    wait_for_four().await;
    let log = sandbox.file("audit.jsonl");
    let printed = stdout_of(&system.orderctl(&[
        "dlq",
        "replay",
        "--reason",
        "malformed",
        "--audit-log",
        log.to_str().unwrap(),
    ]));
    assert!(
        printed.starts_with("replayed 4, failed 0, skipped 0"),
        "{printed}"
    );
    for dead_letter in wait_for_four().await {
        assert_eq!(
            (&dead_letter["reason"], &dead_letter["receive_count"]),
            (&json!("malformed"), &json!(1))
        );
    }
    let lines = read_audit_log(&log);
    assert_eq!((lines.len(), &lines[1]["replayed"]), (2, &json!(4)));
}

#[tokio::test]
async fn a_move_task_without_a_destination_fails_as_on_aws_and_a_replay_succeeds() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let ids = send_dead_letters(&system, 3).await;
    let sqs = system.sqs().await;
    let source = "arn:aws:sqs:us-east-1:000000000000:orders-dlq";
    sqs.start_message_move_task()
        .source_arn(source)
        .send()
        .await
        .unwrap();
    let failed = eventually("the move task has ended", async || {
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
        stdout_of(&system.orderctl(&["dlq", "replay", "--all", "--rate", "500/s"])),
        "replayed 3, failed 0, skipped 0\n"
    );
    for id in &ids {
        system.wait_until_stored(id).await;
    }
    assert_eq!(
        system
            .orderctl(&["dlq", "replay", "--all", "--rate", "501/s"])
            .status
            .code(),
        Some(1)
    );
}
