//! Cancels rows through the real adapter, in the DynamoDB engine that the system runs on locally.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use cloud_dynamodb::DynamoDb;
use cloud_endpoint::TablesEndpoint;
use cloud_http::Listener;
use cloud_store::{Durability, Location};
use order_core::{OrderId, OrderMessage};
use order_table::attribute_value::{Item, from_json, to_attributes};
use order_table::{Attributes, OrderRow, Tombstone, attribute};
use order_worker::ports::Table as _;
use serde_json::json;
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

async fn put(client: &Client, attributes: &Attributes) {
    let item: Item = attributes
        .iter()
        .map(|(name, value)| (name.clone(), from_json(value)))
        .collect();
    let put = client.put_item().table_name("orders").set_item(Some(item));
    put.send().await.unwrap();
}

/// The items of the table, by their ids.
async fn items(client: &Client) -> BTreeMap<String, Attributes> {
    let stored = client.scan().table_name("orders").send().await.unwrap().items;
    let stored = stored.into_iter().flatten().map(to_attributes);
    stored
        .map(|item| (item[attribute::ORDER_ID].as_str().unwrap().to_owned(), item))
        .collect()
}

fn row(order_id: OrderId) -> Attributes {
    let message = OrderMessage::from_json(include_str!("../../order-core/golden/message-v1.json")).unwrap();
    let message = OrderMessage { order_id, ..message };
    OrderRow::confirmed(message, "2026-11-23T09:35:01.000Z".parse().unwrap()).to_attributes()
}

#[tokio::test]
async fn a_row_is_cancelled_once_and_keeps_everything_else() {
    let (sdk, _endpoint) = engine().await;
    let client = Client::new(&sdk);
    let [first, second, absent, erased] = [1, 2, 3, 4].map(|number| OrderId::new(Uuid::from_u128(number)));
    let tombstone = Tombstone {
        order_id: erased,
        erased_at: "2026-11-29T12:00:00.000Z".parse().unwrap(),
        erasing: None,
    };
    for attributes in [row(first), row(second), tombstone.to_attributes()] {
        put(&client, &attributes).await;
    }
    let before = items(&client).await;
    let aws = aws::adapters(&sdk);
    let times = ["2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z"];
    for (ids, at) in [
        (&[absent, first, erased][..], times[0]),
        (&[first, second][..], times[1]),
    ] {
        let cancelled = aws.cancel_batch(ids, at.parse().unwrap()).await;
        assert_eq!(
            cancelled,
            Ok(vec![Ok(()); ids.len()]),
            "a row that stays as it is is done"
        );
    }
    let mut expected = before;
    for (id, at) in [(first, times[0]), (second, times[1])] {
        let row = expected.get_mut(&id.to_string()).unwrap();
        row.insert(attribute::CANCELLED_AT.to_owned(), json!(at));
        row.insert(attribute::STATUS.to_owned(), json!("cancelled"));
    }
    assert_eq!(items(&client).await, expected);
}
