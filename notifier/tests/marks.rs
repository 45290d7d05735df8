//! Marks rows by the real adapter, in the DynamoDB engine that the system runs on locally.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use dynoxide::Database;
use notifier::adapters::Aws;
use notifier::config::{Config, Settings};
use notifier::ports::{Marking, Table as _};
use order_core::OrderId;
use order_core::row::{Notification, attribute};
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
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .endpoint_url(endpoint)
        .build();
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

fn aws(sdk: &SdkConfig) -> Aws {
    let config = Config {
        orders_table: "orders".to_owned(),
        order_emails_topic_arn: "arn:aws:sns:us-east-1:000000000000:order-emails".to_owned(),
        notifications_queue_url: "http://127.0.0.1/000000000000/notifications".to_owned(),
        notifications_dlq_url: "http://127.0.0.1/000000000000/notifications-dlq".to_owned(),
        settings: Settings {
            max_receive_count: NonZeroU32::MIN,
            digest_threshold: 10,
            email_interval: Duration::from_millis(250),
        },
    };
    Aws::new(sdk.clone(), &config)
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
async fn a_mark_is_set_once_and_never_makes_a_row() {
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
    let aws = aws(&sdk);
    for id in ["first", "second"] {
        let marked = aws.mark(&[absent, present], &mark(id)).await;
        assert_eq!(marked, Ok(vec![Marking::Marked, Marking::Marked]));
        let expected = BTreeMap::from([(present.to_string(), Some("first".to_owned()))]);
        assert_eq!(rows(&client).await, expected);
    }
    let read = aws.read(&[absent, present]).await.unwrap();
    assert_eq!(read.marked, BTreeMap::from([(present, true)]));
}
