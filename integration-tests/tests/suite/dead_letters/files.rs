//! `dlq export`, `dlq purge` and `dlq import`: dead letters in a file.

use std::collections::{HashMap, HashSet};

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;

use super::setup::{read_audit_log, send_dead_letters, stdout_of};
use crate::system::{Sandbox, eventually};

#[tokio::test]
async fn dead_letters_survive_export_and_import_byte_by_byte() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
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
    let file = sandbox.file("dead-letters.jsonl");
    let file = file.to_str().unwrap();
    stdout_of(&system.orderctl(&["dlq", "export", file]));
    assert_eq!(system.count_messages("orders-dlq").await, 3);

    let log = sandbox.file("audit.jsonl");
    let log_argument = log.to_str().unwrap();
    let backup = sandbox.file("backup.jsonl");
    let purge = [
        "dlq",
        "purge",
        "--all",
        "--backup",
        backup.to_str().unwrap(),
        "--audit-log",
        log_argument,
    ];
    // Without a terminal the command cannot ask for confirmation, and fails.
    assert_eq!(system.orderctl(&purge).status.code(), Some(1));
    assert_eq!(system.count_messages("orders-dlq").await, 3);
    let mut purge = purge.to_vec();
    purge.extend(["--yes", "--actor", "ada"]);
    let purged = stdout_of(&system.orderctl(&purge));
    assert!(
        purged.starts_with("purged 3, failed 0; they are kept in "),
        "{purged}"
    );
    assert_eq!(system.count_messages("orders-dlq").await, 0);
    let mut kept: Vec<String> = Vec::new();
    for path in [file, backup.to_str().unwrap()] {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        kept.push(lines.join("\n"));
    }
    assert_eq!(kept[0], kept[1]);

    assert_eq!(
        stdout_of(&system.orderctl(&["dlq", "import", file, "--audit-log", log_argument])),
        "imported 3, failed 0\n"
    );
    let mut back = HashSet::new();
    eventually("all dead letters are back", async || {
        let received = sqs
            .receive_message()
            .queue_url(&url)
            .message_attribute_names("All")
            .send()
            .await
            .unwrap();
        for message in received.messages.unwrap_or_default() {
            assert_eq!(message.message_attributes.unwrap(), attributes);
            back.insert(message.body.unwrap());
        }
        (back.len() == bodies.len()).then_some(())
    })
    .await;
    assert_eq!(back, bodies.map(str::to_owned).into());

    let lines = read_audit_log(&log);
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

#[tokio::test]
async fn an_import_that_is_repeated_doubles_nothing() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    send_dead_letters(&system, 25).await;
    let archive = sandbox.file("archive.jsonl");
    let run = |arguments: &[&str]| stdout_of(&sandbox.orderctl().args(arguments).output().unwrap());
    let archive = archive.to_str().unwrap();
    run(&["dlq", "export", archive]);
    run(&[
        "dlq",
        "purge",
        "--all",
        "--yes",
        "--backup",
        sandbox.file("b").to_str().unwrap(),
    ]);
    let import = || run(&["dlq", "import", archive]);
    assert_eq!(import(), "imported 25, failed 0\n");
    assert_eq!(import(), "imported 0, failed 0\n");
    assert_eq!(system.count_messages("orders-dlq").await, 25);

    // As if the process had died before it knew of a single answer: only the intention is in the journal.
    let journal = format!("{archive}.imported");
    let text = std::fs::read_to_string(&journal).unwrap();
    let intention = text.lines().next().unwrap();
    assert!(intention.contains("sending"), "{intention}");
    std::fs::write(&journal, format!("{intention}\n{{\"state\":\"se")).unwrap();
    // Two letters are gone, as if they had not arrived.
    let listed = run(&["dlq", "list", "--json"]);
    let ids: Vec<String> = listed
        .lines()
        .take(2)
        .map(|line| {
            let letter: serde_json::Value = serde_json::from_str(line).unwrap();
            letter["message_id"].as_str().unwrap().to_owned()
        })
        .collect();
    let backup = sandbox.file("c");
    run(&[
        "dlq",
        "purge",
        &ids[0],
        &ids[1],
        "--yes",
        "--backup",
        backup.to_str().unwrap(),
    ]);
    assert_eq!(import(), "imported 2, failed 0\n");
    assert_eq!(system.count_messages("orders-dlq").await, 25);
    assert_eq!(import(), "imported 0, failed 0\n");
    assert_eq!(
        run(&["dlq", "import", archive, "--again"]),
        "imported 25, failed 0\n"
    );
    assert_eq!(system.count_messages("orders-dlq").await, 50);
}

#[tokio::test]
async fn letters_that_were_exported_and_stayed_are_not_taken_for_imported_ones() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    send_dead_letters(&system, 3).await;
    let archive = sandbox.file("archive.jsonl");
    let archive = archive.to_str().unwrap();
    let run = |arguments: &[&str]| stdout_of(&sandbox.orderctl().args(arguments).output().unwrap());
    run(&["dlq", "export", archive]);
    run(&["dlq", "import", archive]);
    let journal = format!("{archive}.imported");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{}\n", text.lines().next().unwrap())).unwrap();
    assert_eq!(run(&["dlq", "import", archive]), "imported 0, failed 0\n");
    assert_eq!(system.count_messages("orders-dlq").await, 6);
}
