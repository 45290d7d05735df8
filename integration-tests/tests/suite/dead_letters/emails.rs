//! Emails that SNS could not deliver.

use serde_json::json;

use super::setup::stdout_of;
use crate::system::{Sandbox, System, eventually};

const ORDER: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";

/// Puts an email into the queue in which SNS leaves those that it could not deliver. SNS on this machine delivers every email.
async fn leave_undelivered(system: &System) {
    let email = json!({
        "Type": "Notification",
        "MessageId": "7f0d6fd5-7a1c-5f5e-8d3a-3a1c5d1e2f3a",
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:order-emails",
        "Subject": "Order 4e5f6a7b confirmed: EUR 64.60",
        "Message": format!("Order     {ORDER}\nCustomer  Ada Example\n"),
    });
    system.send("emails-delivery-dlq", &email.to_string()).await;
}

#[tokio::test]
async fn an_undelivered_email_is_listed_shown_and_sent_again() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    leave_undelivered(&system).await;
    let listed = stdout_of(&system.orderctl(&["dlq", "list"]));
    assert!(listed.ends_with("1 dead letter: 1 undelivered\n"), "{listed}");
    // The order of the email finds it.
    let shown = stdout_of(&system.orderctl(&["dlq", "show", ORDER]));
    assert!(shown.contains("queue     emails-delivery-dlq"), "{shown}");
    assert!(shown.contains("every subscriber gets it"), "{shown}");
    assert!(
        shown.contains("Order 4e5f6a7b confirmed") && !shown.contains("Ada"),
        "{shown}"
    );
    // `--all` means the messages of the services.
    let output = system.orderctl(&["dlq", "replay", "--all"]);
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(note.contains("emails-delivery-dlq is left as it is"), "{note}");
    assert_eq!(system.count_messages("emails-delivery-dlq").await, 1);
    let replayed = stdout_of(&system.orderctl(&["dlq", "replay", "--queue", "emails", "--all"]));
    assert_eq!(replayed, "replayed 1, failed 0, skipped 0\n");
    assert_eq!(system.count_messages("emails-delivery-dlq").await, 0);
    eventually("the email is in the mailbox", async || {
        let inbox = stdout_of(&system.orderctl(&["inbox"]));
        (inbox.contains("Order 4e5f6a7b confirmed") && inbox.contains(ORDER)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_email_stays_while_nobody_is_subscribed() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&["--parameter", "NotificationEmail="]).await;
    leave_undelivered(&system).await;
    let output = system.orderctl(&["dlq", "replay", "--queue", "emails", "--all"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("nobody is subscribed"), "{error}");
    assert_eq!(system.count_messages("emails-delivery-dlq").await, 1);
    let purged = ["dlq", "purge", "--queue", "emails", "--all", "--yes", "--backup"];
    let backup = sandbox.file("emails.jsonl");
    let purged = system.orderctl(&[&purged[..], &[backup.to_str().unwrap()]].concat());
    assert!(stdout_of(&purged).starts_with("purged 1, failed 0"));
}
