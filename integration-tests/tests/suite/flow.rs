//! The way of an order: POST, queue, row, event, email.

use order_core::OrderId;
use serde_json::json;
use uuid::Uuid;

use crate::system::{Sandbox, eventually, sample, sample_of_new_customer};

#[tokio::test]
async fn an_order_travels_from_post_to_email() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample("order.json");

    let accepted = system.post(&order).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    let id = accepted.body["order_id"].as_str().unwrap().to_owned();
    assert_eq!(
        accepted.headers["location"],
        format!("{}/orders/{id}", system.stage_path())
    );
    assert_eq!(accepted.body["status"], "accepted");
    assert_eq!(accepted.body["total"], "64.60");
    assert_eq!(accepted.body["currency"], "EUR");

    let stored = system.wait_until_stored(&id).await;
    for part in ["customer", "currency", "items", "total", "note"] {
        assert_eq!(stored[part], order[part], "{part}");
    }
    assert_eq!(stored["accepted_at"], accepted.body["accepted_at"]);

    let notified = system.wait_until_notified(&id).await;
    let mail = system.find_mail(&id);
    assert_eq!(mail.len(), 1, "{mail:?}");
    let body = mail[0]["body"].as_str().unwrap();
    for expected in [
        "Assam tea",
        "Stoneware cup",
        "EUR 64.60",
        notified["notification_id"].as_str().unwrap(),
    ] {
        assert!(body.contains(expected), "{expected} is missing:\n{body}");
    }
    system.wait_until_empty("orders").await;
    system.wait_until_empty("notifications").await;
}

#[tokio::test]
async fn a_reference_and_metadata_travel_with_the_order() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let mut order = sample("order-minimal.json");
    order["reference"] = json!("PO 2026/17");
    order["metadata"] = json!({"channel": "web"});
    order["items"][0]["quantity"] = json!(2.0);
    let id = system.place(&order).await;
    let stored = system.wait_until_notified(&id).await;
    assert_eq!(
        (
            &stored["reference"],
            &stored["metadata"],
            &stored["items"][0]["quantity"]
        ),
        (&order["reference"], &order["metadata"], &json!(2))
    );
    let mail = system.find_mail(&id);
    let body = mail[0]["body"].as_str().unwrap();
    assert!(body.contains("PO 2026/17"), "{body}");
}

#[tokio::test]
async fn the_subject_of_an_email_names_the_order() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    let mail = system.find_mail(&id);
    let subject = mail[0]["subject"].as_str().unwrap();
    let short = id.parse::<OrderId>().unwrap().short();
    assert_eq!(subject, format!("Order {short} confirmed: EUR 64.60"));
}

#[tokio::test]
async fn an_email_goes_to_the_inbox_that_subscribed() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    assert_eq!(system.find_mail(&id)[0]["to"], "you@example.com");
}

#[tokio::test]
async fn every_valid_sample_is_accepted_and_the_invalid_one_is_rejected() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    for (name, total) in [
        ("order-minimal.json", None),
        ("order-jpy.json", Some("JPY 7,190")),
    ] {
        let id = system.place(&sample(name)).await;
        system.wait_until_notified(&id).await;
        let mail = system.find_mail(&id);
        assert_eq!(mail.len(), 1);
        if let Some(total) = total {
            assert!(mail[0]["body"].as_str().unwrap().contains(total), "{}", mail[0]);
        }
    }
    assert_eq!(system.post(&sample("order-invalid.json")).await.status, 422);
}

#[tokio::test]
async fn a_request_sent_again_with_its_key_makes_no_second_order() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order.json");
    let key = Uuid::new_v4().to_string();
    let first = system.post_with_key(&order, &key).await;
    assert_eq!(first.status, 202, "{}", first.body);
    // Sent again at once, perhaps before the first order is stored, with the key in its quoted form. A request whose claim is not
    // answered in time is accepted without it: then a later one finds the claim.
    eventually("the answer is that of the first request", async || {
        let again = system
            .post_with_key_until_decided(&order, &format!("\"{key}\""))
            .await;
        assert_eq!(again.status, 202, "{}", again.body);
        assert_eq!(again.body["order_id"], first.body["order_id"]);
        let replayed = again.headers.get("idempotent-replayed")?;
        assert_eq!(replayed, "true");
        Some(())
    })
    .await;
    let id = first.body["order_id"].as_str().unwrap();
    system.wait_until_notified(id).await;

    let third = system.post_with_key(&order, &key).await;
    assert_eq!(
        (third.status, &third.body["order_id"]),
        (202, &first.body["order_id"])
    );
    let mut other = order.clone();
    other["note"] = json!("another note");
    // When the lookup of the key takes too long, the order is accepted, and order-worker dead-letters it as a conflict.
    let reused = eventually("the key is known as that of another order", async || {
        let answer = system.post_with_key(&other, &key).await;
        (answer.status != 202).then_some(answer)
    })
    .await;
    assert_eq!(reused.status, 422);
    assert_eq!(reused.body["type"], "urn:orders:problem:idempotency-key-reused");

    assert_eq!(system.count_rows_of_customer(&order).await, 1);
    assert_eq!(system.wait_until_stored(id).await["note"], order["note"]);
}

#[tokio::test]
async fn a_request_sent_again_without_a_key_is_another_order() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order.json");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = system
            .request(|http, url| http.post(format!("{url}/orders")).json(&order))
            .await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        let id = answer.body["order_id"].as_str().unwrap().to_owned();
        system.wait_until_notified(&id).await;
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(system.count_rows_of_customer(&order).await, 2);
}

#[tokio::test]
async fn each_of_many_orders_makes_one_row_and_is_notified() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order-minimal.json");
    let mut ids = Vec::new();
    for _ in 0..25 {
        ids.push(system.place(&order).await);
    }
    for id in &ids {
        let stored = system.wait_until_notified(id).await;
        let notification = stored["notification_id"].as_str().unwrap();
        assert_eq!(system.find_mail(notification).len(), 1);
    }
    assert_eq!(system.count_rows_of_customer(&order).await, 25);
}
