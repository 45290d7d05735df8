//! The message group and the trace of a dead letter, which every copy of it keeps, as with the redrive of SQS.

use std::collections::HashMap;

use aws_sdk_sqs::types::{
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use uuid::Uuid;

use super::setup::stdout_of;
use crate::system::{Sandbox, System, eventually};

const GROUP: &str = "group-of-the-test";
const TRACE: &str = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";

/// Waits until the dead letter with this body is there, and has the group and the trace. Returns its id.
async fn wait_for_dead_letter(system: &System, body: &str, other_than: &[String]) -> String {
    let sqs = system.sqs().await;
    let url = system.queue_url(&sqs, "orders-dlq").await;
    let message = eventually("the dead letter is there", async || {
        let receive = sqs.receive_message().queue_url(&url).visibility_timeout(0);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = receive.max_number_of_messages(10).send().await.unwrap();
        received.messages.unwrap_or_default().into_iter().find(|message| {
            message.body.as_deref() == Some(body)
                && !other_than.contains(message.message_id.as_ref().unwrap())
        })
    })
    .await;
    let attributes = message.attributes.unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::MessageGroupId], GROUP);
    assert_eq!(attributes[&MessageSystemAttributeName::AwsTraceHeader], TRACE);
    message.message_id.unwrap()
}

#[tokio::test]
async fn group_and_trace_stay_through_dead_letter_export_import_and_replay() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let sqs = system.sqs().await;
    let body = format!("poison {}", Uuid::new_v4());
    let trace = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(TRACE)
        .build()
        .unwrap();
    sqs.send_message()
        .queue_url(system.queue_url(&sqs, "orders").await)
        .message_body(&body)
        .message_group_id(GROUP)
        .set_message_system_attributes(Some(HashMap::from([(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            trace,
        )])))
        .send()
        .await
        .unwrap();
    let mut ids = vec![wait_for_dead_letter(&system, &body, &[]).await];

    let file = sandbox.file("dead-letters.jsonl");
    let file = file.to_str().unwrap();
    let log = sandbox.file("audit.jsonl");
    let log = log.to_str().unwrap();
    stdout_of(&system.orderctl(&["dlq", "export", file]));
    let backup = sandbox.file("backup.jsonl");
    let backup = backup.to_str().unwrap();
    stdout_of(&system.orderctl(&[
        "dlq",
        "purge",
        "--all",
        "--yes",
        "--backup",
        backup,
        "--audit-log",
        log,
    ]));
    assert_eq!(system.count_messages("orders-dlq").await, 0);
    stdout_of(&system.orderctl(&["dlq", "import", file, "--audit-log", log]));
    ids.push(wait_for_dead_letter(&system, &body, &ids).await);

    // The worker dead-letters it again.
    stdout_of(&system.orderctl(&["dlq", "replay", "--all", "--yes", "--audit-log", log]));
    wait_for_dead_letter(&system, &body, &ids).await;
}
