use bytes::Bytes;
use cloud_store::{Durability, Location};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::*;

fn table(key: &str, indexes: &[(&str, &str)]) -> Value {
    let index = |(name, key): &(&str, &str)| {
        json!({"IndexName": name, "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
               "Projection": {"ProjectionType": "ALL"}})
    };
    let mut names: Vec<&str> = indexes.iter().map(|(_, key)| *key).chain([key]).collect();
    names.sort_unstable();
    names.dedup();
    let definitions: Vec<_> = names
        .iter()
        .map(|name| json!({"AttributeName": name, "AttributeType": "S"}))
        .collect();
    let mut table = json!({
        "TableName": "orders",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": definitions,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
    });
    if !indexes.is_empty() {
        table["GlobalSecondaryIndexes"] = indexes.iter().map(index).collect();
    }
    table
}

async fn open() -> DynamoDb {
    DynamoDb::open(&Location::Memory, Durability::Process)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_table_is_created_then_checked_then_its_missing_index_is_added() {
    let db = open().await;
    let arn = db.converge_table(table("order_id", &[])).await.unwrap();
    assert!(arn.ends_with(":table/orders"), "{arn}");
    assert_eq!(db.converge_table(table("order_id", &[])).await.unwrap(), arn);
    db.converge_table(table("order_id", &[("by_customer", "customer_id")]))
        .await
        .unwrap();
    let other = table("order_id", &[("by_customer", "email")]);
    assert!(matches!(
        db.converge_table(other).await,
        Err(ConvergeError::IndexDiffers { .. })
    ));
    let other = db.converge_table(table("id", &[])).await.unwrap_err();
    assert_eq!(
        other.to_string(),
        "table orders exists with the key order_id S HASH, the template says id S HASH; a key cannot be changed \
         in place"
    );
    assert!(matches!(
        db.converge_table(json!({"TableName": "x"})).await,
        Err(ConvergeError::Engine(_))
    ));
    db.close().await;
}

#[tokio::test]
async fn a_request_is_passed_on_and_answered_with_its_checksum() {
    let db = open().await;
    db.converge_table(table("order_id", &[])).await.unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-amz-target", "DynamoDB_20120810.DescribeTable"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20261123T000000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=k/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let answer = db
        .call(&headers, Bytes::from_static(br#"{"TableName": "orders"}"#))
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key("x-amz-crc32"));
    headers.insert(
        "x-amz-target",
        "DynamoDB_20120810.DescribeContinuousBackups".parse().unwrap(),
    );
    let answer = db
        .call(&headers, Bytes::from_static(br#"{"TableName": "orders"}"#))
        .await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(answer.body()).contains("UnknownOperationException"));
    db.close().await;
}
