//! Marks rows through the real adapter, in the DynamoDB engine that the system runs on locally.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use dynoxide::Database;
use notifier::ports::Table as _;
use order_core::OrderId;
use order_table::{Notification, attribute};
use uuid::Uuid;

/// An engine with an empty table `orders`.
async fn engine() -> SdkConfig {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(async move {
        dynoxide::server::serve_with_shutdown(listener, database, std::future::pending())
            .await
            .unwrap();
    });
    let sdk = aws::sdk(endpoint);
    let key = KeySchemaElement::builder()
        .attribute_name(attribute::ORDER_ID)
        .key_type(KeyType::Hash);
    let definition = AttributeDefinition::builder()
        .attribute_name(attribute::ORDER_ID)
        .attribute_type(ScalarAttributeType::S);
    Client::new(&sdk)
        .create_table()
        .table_name("orders")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key.build().unwrap())
        .attribute_definitions(definition.build().unwrap())
        .send()
        .await
        .unwrap();
    sdk
}

fn mark(id: &str) -> Notification {
    Notification {
        id: id.to_owned(),
        notified_at: "2026-11-23T09:35:01.000Z".parse().unwrap(),
    }
}

/// Each row's notification id, by its order.
async fn rows(client: &Client) -> BTreeMap<String, Option<String>> {
    let text = |value: &AttributeValue| value.as_s().unwrap().clone();
    let rows = client.scan().table_name("orders").send().await.unwrap();
    rows.items()
        .iter()
        .map(|row| {
            let id = row.get(attribute::NOTIFICATION_ID).map(text);
            (text(&row[attribute::ORDER_ID]), id)
        })
        .collect()
}

#[tokio::test]
async fn a_mark_is_set_once_and_never_creates_a_row() {
    let sdk = engine().await;
    let client = Client::new(&sdk);
    let [present, absent] = [1, 2].map(|number| OrderId::new(Uuid::from_u128(number)));
    client
        .put_item()
        .table_name("orders")
        .item(attribute::ORDER_ID, AttributeValue::S(present.to_string()))
        .send()
        .await
        .unwrap();
    let aws = aws::adapters(&sdk);
    for id in ["first", "second"] {
        let marked = aws.mark(&[absent, present], &mark(id)).await;
        assert_eq!(marked, Ok(vec![Ok(()), Ok(())]));
        let expected = BTreeMap::from([(present.to_string(), Some("first".to_owned()))]);
        assert_eq!(rows(&client).await, expected);
    }
    let read = aws.read(&[absent, present]).await.unwrap();
    assert_eq!(read.marked, BTreeMap::from([(present, true)]));
}
