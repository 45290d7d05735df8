//! `POST /orders/{id}/cancel`: an order is cancelled once, before or after it is stored, and the shop hears of it.

use aws_sdk_sqs::types::MessageAttributeValue;
use order_core::{CancellationMessage, Order, OrderMessage};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Answer, Sandbox, System, eventually, sample, sample_of_new_customer};

async fn cancel(system: &System, id: &str) -> Answer {
    system
        .request(|http, url| http.post(format!("{url}/orders/{id}/cancel")))
        .await
}

/// Asks until the tables answer in time. While they do not, the request is accepted, and order-worker decides.
async fn answer_of_table(system: &System, id: &str) -> Answer {
    eventually("the tables answer in time", async || {
        let answer = cancel(system, id).await;
        (answer.status != 202).then_some(answer)
    })
    .await
}

async fn wait_until_cancelled(system: &System, id: &str) -> Value {
    eventually(&format!("{id} is cancelled"), async || {
        let answer = system
            .request(|http, url| http.get(format!("{url}/orders/{id}")))
            .await;
        (answer.body["status"] == "cancelled").then_some(answer.body)
    })
    .await
}

/// Waits for the email that says that an order is cancelled.
async fn wait_for_email(system: &System, id: &str) {
    eventually(&format!("an email says that {id} is cancelled"), async || {
        let mail = system.find_mail(id);
        mail.iter()
            .any(|mail| mail["body"].as_str().unwrap().contains("cancelled"))
            .then_some(())
    })
    .await;
}

/// The message of an order that was accepted under an id.
fn message_of(id: &str) -> String {
    let message = OrderMessage::new(
        id.parse().unwrap(),
        "2026-11-23T09:35:00.123Z".parse().unwrap(),
        Order::restore(&sample("order.json")).unwrap(),
    );
    message.to_json()
}

/// Sends a cancellation to the queue whose first copy was sent long ago: order-worker tries it once, and gives it up.
async fn send_old_cancellation(system: &System, id: &str) {
    let message = CancellationMessage {
        order_id: id.parse().unwrap(),
        requested_at: "2026-11-01T09:35:00.123Z".parse().unwrap(),
    };
    let first_sent_at = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(message.requested_at.to_string());
    let sqs = system.sqs().await;
    sqs.send_message()
        .queue_url(system.queue_url(&sqs, "orders").await)
        .message_body(message.to_json())
        .message_attributes("retry_first_sent_at", first_sent_at.build().unwrap())
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_the_shop_gets_an_email() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order.json");
    let id = system.place(&order).await;
    system.wait_until_notified(&id).await;
    let asked = cancel(&system, &id).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    assert_eq!(
        asked.headers["location"].to_str().unwrap(),
        format!("{}/orders/{id}", system.stage_path())
    );
    let cancelled = wait_until_cancelled(&system, &id).await;
    let at = cancelled["cancelled_at"].as_str().unwrap();
    assert!(cancelled["notified_at"].is_string(), "it keeps what it had");
    wait_for_email(&system, &id).await;

    // Again, by the API and by the command.
    let again = answer_of_table(&system, &id).await;
    assert_eq!((again.status, &again.body["cancelled_at"]), (200, &json!(at)));
    eventually("the command says that it was cancelled", async || {
        let again = system.read_json(&["cancel", &id, "--json"]);
        (again == json!({"version": 1, "order_id": id, "cancelled_at": at})).then_some(())
    })
    .await;
    let customer = order["customer"]["id"].as_str().unwrap();
    eventually("the list has it as cancelled", async || {
        let listed = system
            .request(|http, url| http.get(format!("{url}/orders?customer_id={customer}&status=cancelled")))
            .await;
        (listed.body["orders"][0]["order_id"] == id).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_waits_for_its_order() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let id = Uuid::now_v7().to_string();
    for _ in 0..2 {
        let asked = cancel(&system, &id).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
    }
    system.send("orders", &message_of(&id)).await;
    let cancelled = wait_until_cancelled(&system, &id).await;
    assert!(
        cancelled["confirmed_at"].as_str() <= cancelled["cancelled_at"].as_str(),
        "{cancelled}"
    );
}

#[tokio::test]
async fn a_dead_letter_of_a_cancellation_is_replayed_when_its_order_is_stored() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let id = Uuid::now_v7().to_string();
    send_old_cancellation(&system, &id).await;
    let letter = system.wait_for_dead_letter(&id).await;
    assert_eq!(letter["reason"], "order_missing", "{letter}");
    let letter = letter["message_id"].as_str().unwrap();
    eventually("the command says that there is no order", async || {
        let output = system.orderctl(&["get", &id]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        (said.contains("there is no order")
            && said.contains("a request to cancel it is a dead letter: order_missing"))
        .then_some(())
    })
    .await;

    system.send("orders", &message_of(&id)).await;
    let stored = system.wait_until_stored(&id).await;
    assert!(stored["cancelled_at"].is_null(), "{stored}");
    let shown = system.read_json(&["dlq", "show", letter, "--json"]);
    assert!(
        shown["now"].as_str().unwrap().contains("replaying cancels it"),
        "{shown}"
    );
    let replayed = system.read_json(&["dlq", "replay", letter, "--json"]);
    assert_eq!(replayed["replayed"], 1, "{replayed}");
    wait_until_cancelled(&system, &id).await;
    wait_for_email(&system, &id).await;
    assert_eq!(system.list_dead_letters(&id), Vec::<Value>::new());
}

#[tokio::test]
async fn an_order_that_was_never_accepted_is_not_cancelled() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let keyed = Uuid::new_v5(&Uuid::NAMESPACE_URL, Uuid::new_v4().as_bytes());
    for (id, problem) in [
        (keyed.to_string(), "urn:orders:problem:order-not-found"),
        ("42".to_owned(), "urn:orders:problem:not-found"),
    ] {
        let refused = answer_of_table(&system, &id).await;
        assert_eq!((refused.status, &refused.body["type"]), (404, &json!(problem)));
    }
}
