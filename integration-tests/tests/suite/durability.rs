//! Acknowledged orders and messages survive a stop and a crash.

use std::time::Duration;

use crate::system::{SETTLE_TIMEOUT, Sandbox, eventually_within, sample};

#[tokio::test]
async fn rows_dead_letters_and_mail_survive_a_stop() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start().await;
    let id = system.place(&sample("order.json")).await;
    system.send("orders", "poison that stays").await;
    let order = system.wait_until_notified(&id).await;
    let dead_letter = system.wait_for_dead_letter("poison that stays").await;
    let mail = system.find_mail(&id);
    assert!(system.stop().await.success());

    let system = sandbox.start().await;
    assert_eq!(system.wait_until_stored(&id).await, order);
    assert_eq!(
        system.wait_for_dead_letter("poison that stays").await["message_id"],
        dead_letter["message_id"]
    );
    assert_eq!(system.find_mail(&id), mail);
}

#[tokio::test]
async fn queued_messages_survive_a_stop() {
    let sandbox = Sandbox::new();
    // No function reads a dead-letter queue, so that the message stays.
    let mut system = sandbox.start().await;
    system.send("orders-dlq", "waits here").await;
    assert!(system.stop().await.success());
    let system = sandbox.start().await;
    assert_eq!(system.count_messages("orders-dlq").await, 1);
}

/// The whole system is killed three times while orders come in. Every order that was answered 202 ends as a row, and its
/// email is sent.
#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let sandbox = Sandbox::new();
    let template = sandbox.write_template_with_short_visibility();
    let arguments = ["--template", template.to_str().unwrap()];

    let order = sample("order-minimal.json");
    let mut accepted = Vec::new();
    for round in 0..3 {
        let mut system = sandbox.start_with(&arguments).await;
        let mut answered = 0;
        // Each round kills the system after another number of orders, at another step of their processing.
        while answered < 10 + 7 * round {
            let request = system.try_request(|http, url| http.post(format!("{url}/orders")).json(&order));
            if let Ok(answer) = tokio::time::timeout(Duration::from_mins(1), request)
                .await
                .unwrap()
            {
                assert_eq!(answer.status, 202, "{}", answer.body);
                accepted.push(answer.body["order_id"].as_str().unwrap().to_owned());
                answered += 1;
            }
        }
        system.kill().await;
    }

    let system = sandbox.start_with(&arguments).await;
    for id in &accepted {
        let order = system.wait_until_notified_within(SETTLE_TIMEOUT, id).await;
        let notification = order["notification_id"].as_str().unwrap();
        assert_eq!(system.find_mail(notification).len(), 1, "{id}");
    }
    assert_eq!(system.count_rows().await, accepted.len());
    eventually_within(SETTLE_TIMEOUT, "all queues are empty", async || {
        let depth = system.count_messages("orders").await + system.count_messages("notifications").await;
        (depth == 0).then_some(())
    })
    .await;
    assert_eq!(
        system.count_messages("orders-dlq").await + system.count_messages("notifications-dlq").await,
        0
    );
}
