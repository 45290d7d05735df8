//! What was acknowledged survives a stop and a crash.

use std::time::Duration;

use crate::system::{Home, SETTLING, eventually_within, sample};

#[tokio::test]
async fn rows_dead_letters_and_mail_survive_a_stop() {
    let home = Home::new();
    let mut system = home.start().await;
    let id = system.place(&sample("order.json")).await;
    system.send("orders", "poison that stays").await;
    let order = system.notified(&id).await;
    let letter = system.dead_letter("poison that stays").await;
    let mail = system.mail_about(&id);
    assert!(system.stop().await.success());

    let system = home.start().await;
    assert_eq!(system.stored(&id).await, order);
    assert_eq!(
        system.dead_letter("poison that stays").await["message_id"],
        letter["message_id"]
    );
    assert_eq!(system.mail_about(&id), mail);
}

#[tokio::test]
async fn queued_messages_survive_a_stop() {
    let home = Home::new();
    // Nobody reads this queue: what is sent to it stays.
    let mut system = home.start().await;
    system.send("orders-dlq", "waits here").await;
    assert!(system.stop().await.success());
    let system = home.start().await;
    assert_eq!(system.queue_depth("orders-dlq").await, 1);
}

/// The whole system is killed three times while orders come in; every order that was answered 202 ends as its row,
/// and its email is sent.
#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let home = Home::new();
    let template = home.template_with_short_visibility();
    let arguments = ["--template", template.to_str().unwrap()];

    let order = sample("order-minimal.json");
    let mut accepted = Vec::new();
    for round in 0..3 {
        let mut system = home.start_with(&arguments).await;
        let mut answered = 0;
        // Each round dies at another point of the line.
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

    let system = home.start_with(&arguments).await;
    for id in &accepted {
        let order = system.notified_within(id, SETTLING).await;
        let notification = order["notification_id"].as_str().unwrap();
        assert_eq!(system.mail_about(notification).len(), 1, "{id}");
    }
    assert_eq!(system.rows().await, accepted.len());
    eventually_within(SETTLING, "all queues are empty", async || {
        let depth = system.queue_depth("orders").await + system.queue_depth("notifications").await;
        (depth == 0).then_some(())
    })
    .await;
    assert_eq!(
        system.queue_depth("orders-dlq").await + system.queue_depth("notifications-dlq").await,
        0
    );
}
