//! Marks rows through the real adapter, in the DynamoDB engine that the system runs on locally.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use cloud_dynamodb::DynamoDb;
use cloud_endpoint::TablesEndpoint;
use cloud_http::Listener;
use cloud_store::{Durability, Location};
use notifier::ports::{RowState, Table as _};
use order_core::{EventType, OrderId};
use order_table::attribute_value::{Item, from_json, to_attributes};
use order_table::{Notification, Tombstone, attribute};
use uuid::Uuid;

/// An engine with an empty table `orders`, for as long as the endpoint is held.
async fn engine() -> (SdkConfig, TablesEndpoint) {
    let listener = Listener::bind(0).await.unwrap();
    let sdk = aws::sdk(listener.url());
    let dynamodb = DynamoDb::open(&Location::Memory, Durability::Process)
        .await
        .unwrap();
    let endpoint = TablesEndpoint::start(listener, dynamodb);
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
    (sdk, endpoint)
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
    let (sdk, _endpoint) = engine().await;
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
        let marked = aws
            .mark(&[absent, present], EventType::Confirmed, &mark(id))
            .await;
        assert_eq!(marked, Ok(vec![Ok(()), Ok(())]));
        let expected = BTreeMap::from([(present.to_string(), Some("first".to_owned()))]);
        assert_eq!(rows(&client).await, expected);
    }
    let read = aws.read(&[absent, present]).await.unwrap();
    assert_eq!(read.states, BTreeMap::from([(present, RowState::Marked)]));
}

#[tokio::test]
async fn a_tombstone_is_never_marked_and_is_read_as_erased() {
    let (sdk, _endpoint) = engine().await;
    let client = Client::new(&sdk);
    let order_id = OrderId::new(Uuid::from_u128(1));
    let tombstone = Tombstone {
        order_id,
        erased_at: "2026-11-29T12:00:00.000Z".parse().unwrap(),
        erasing: None,
    };
    let attributes = tombstone.to_attributes();
    let item: Item = attributes
        .iter()
        .map(|(name, value)| (name.clone(), from_json(value)))
        .collect();
    client
        .put_item()
        .table_name("orders")
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
    let aws = aws::adapters(&sdk);
    let marked = aws.mark(&[order_id], EventType::Confirmed, &mark("late")).await;
    assert_eq!(marked, Ok(vec![Ok(())]), "a late mark is done");
    let stored = client.scan().table_name("orders").send().await.unwrap().items;
    let stored: Vec<_> = stored.into_iter().flatten().map(to_attributes).collect();
    assert_eq!(stored, [attributes], "and it changes nothing");
    let read = aws.read(&[order_id]).await.unwrap();
    assert_eq!(read.states, BTreeMap::from([(order_id, RowState::Erased)]));
}

#[tokio::test]
async fn a_mark_never_takes_the_status_of_a_cancelled_row_away() {
    let (sdk, _endpoint) = engine().await;
    let client = Client::new(&sdk);
    let [cancelled, confirmed] = [1, 2].map(|number| OrderId::new(Uuid::from_u128(number)));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = async |id: OrderId, item: &[(&str, &str)]| {
        let item = item.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
        let item: Item = item
            .chain([(attribute::ORDER_ID.to_owned(), text(&id.to_string()))])
            .collect();
        let put = client.put_item().table_name("orders").set_item(Some(item));
        put.send().await.unwrap();
    };
    let row = [
        (attribute::STATUS, "cancelled"),
        (attribute::CANCELLED_AT, "2026-11-23T09:35:00.000Z"),
    ];
    put(cancelled, &row).await;
    put(confirmed, &[(attribute::STATUS, "confirmed")]).await;
    let both = [cancelled, confirmed];
    let aws = aws::adapters(&sdk);
    assert_eq!(
        aws.read(&both).await.unwrap().states,
        BTreeMap::from([(cancelled, RowState::Cancelled), (confirmed, RowState::Unmarked)])
    );
    for (about, id) in [
        (EventType::Confirmed, "confirmation"),
        (EventType::Cancelled, "cancellation"),
        (EventType::Cancelled, "again"),
    ] {
        let marked = aws.mark(&both, about, &mark(id)).await;
        assert_eq!(marked, Ok(vec![Ok(()), Ok(())]));
    }
    let stored = client.scan().table_name("orders").send().await.unwrap().items;
    let stored = stored.into_iter().flatten().map(to_attributes);
    let mut read: Vec<[Option<String>; 3]> = stored
        .map(|row| {
            [
                attribute::STATUS,
                attribute::NOTIFICATION_ID,
                attribute::CANCELLATION_NOTIFICATION_ID,
            ]
            .map(|name| row.get(name).and_then(|value| value.as_str()).map(str::to_owned))
        })
        .collect();
    read.sort();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        read,
        [
            [some("cancelled"), None, some("cancellation")],
            [some("notified"), some("confirmation"), None],
        ]
    );
    assert_eq!(
        aws.read(&both).await.unwrap().states,
        BTreeMap::from([
            (cancelled, RowState::CancellationMarked),
            (confirmed, RowState::Marked)
        ])
    );
}
