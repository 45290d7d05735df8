mod indexes;

use bytes::Bytes;
use cloud_billing::dynamodb::Capacity;
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
    let arn = db.converge_table(table("order_id", &[]), None).await.unwrap();
    assert!(arn.ends_with(":table/orders"), "{arn}");
    assert_eq!(
        db.converge_table(table("order_id", &[]), None).await.unwrap(),
        arn
    );
    db.converge_table(table("order_id", &[("by_customer", "customer_id")]), None)
        .await
        .unwrap();
    let other = table("order_id", &[("by_customer", "email")]);
    assert!(matches!(
        db.converge_table(other, None).await,
        Err(ConvergeError::IndexDiffers { .. })
    ));
    let other = db.converge_table(table("id", &[]), None).await.unwrap_err();
    assert_eq!(
        other.to_string(),
        "table orders exists with the key order_id S HASH, the template says id S HASH; a key cannot be changed \
         in place"
    );
    assert!(matches!(
        db.converge_table(json!({"TableName": "x"}), None).await,
        Err(ConvergeError::Engine(_))
    ));
    db.close().await;
}

fn headers(operation: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-amz-target", format!("DynamoDB_20120810.{operation}").as_str()),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20261123T000000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=k/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
    ] {
        headers.insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    headers
}

#[tokio::test]
async fn an_answer_carries_its_checksum_and_the_content_type_of_its_request() {
    let db = open().await;
    let mut headers = headers("ListTables");
    let answer = db.call(&headers, Bytes::from_static(b"{}")).await;
    assert_eq!(answer.body(), r#"{"TableNames":[]}"#);
    // CRC-32 of the body, as Python's zlib.crc32 computes it.
    assert_eq!(answer.headers()["x-amz-crc32"], "1315925753");
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.0");
    headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
    let answer = db.call(&headers, Bytes::from_static(b"{}")).await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    headers.insert("content-type", "text/plain".parse().unwrap());
    let answer = db.call(&headers, Bytes::from_static(b"{}")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    db.close().await;
}

#[tokio::test]
async fn an_unsigned_request_is_refused_as_by_aws() {
    let db = open().await;
    let mut headers = headers("ListTables");
    headers.remove("authorization");
    let answer = db.call(&headers, Bytes::from_static(b"{}")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(answer.body()).contains("#MissingAuthenticationTokenException"));
    db.close().await;
}

/// Sets what differs from run to run to null: times, ids, and the order in which rows come out.
fn comparable(answer: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    if ["CreationDateTime", "TableId", "LatestStreamLabel"].contains(&name.as_str()) {
                        *member = Value::Null;
                    } else {
                        strip(member);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value: Value = serde_json::from_str(answer).unwrap_or(Value::Null);
    strip(&mut value);
    value
}

/// The file holds requests and what the HTTP server of dynoxide 3.2.0 answered to them, one after another.
#[tokio::test]
async fn answers_are_those_of_the_engines_own_server() {
    let db = open().await;
    let recorded: Vec<Value> = serde_json::from_str(include_str!("../../tests/recorded.json")).unwrap();
    let mut different = Vec::new();
    for one in &recorded {
        let (operation, body) = (one["operation"].as_str().unwrap(), one["body"].as_str().unwrap());
        let answer = db.call(&headers(operation), Bytes::from(body.to_owned())).await;
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        // The engine's ARNs have a region of its own.
        let expected = one["answer"]
            .as_str()
            .unwrap()
            .replace(":dynoxide:", ":us-east-1:");
        if u64::from(answer.status().as_u16()) != one["status"].as_u64().unwrap()
            || comparable(&text) != comparable(&expected)
        {
            different.push(format!("{operation} {body}\n  is  {text}\n  not {expected}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    db.close().await;
}

/// A write that the engine could not commit is reported until a later write works.
#[tokio::test]
async fn a_failed_commit_degrades_the_service_until_one_works() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dynamodb.db");
    let db = DynamoDb::open(&Location::Disk(path.clone()), Durability::Process)
        .await
        .unwrap();
    db.converge_table(table("order_id", &[]), None).await.unwrap();
    let statement = Bytes::from_static(
        br#"{"Statements": [{"Statement": "INSERT INTO orders VALUE {'order_id': 'a'}"}]}"#,
    );
    let write = async || {
        db.call(&headers("BatchExecuteStatement"), statement.clone())
            .await
    };
    // Another connection blocks writes by a trigger that fails, as a full disk would.
    let other = rusqlite::Connection::open(&path).unwrap();
    let table: String = other
        .query_row(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%item_json%' LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    other
        .execute_batch(&format!(
            "CREATE TRIGGER full BEFORE INSERT ON \"{table}\" BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        ))
        .unwrap();
    write().await;
    assert!(
        db.degraded().unwrap().contains("disk is full"),
        "{:?}",
        db.degraded()
    );
    other.execute_batch("DROP TRIGGER full").unwrap();
    write().await;
    assert_eq!(db.degraded(), None);
    db.close().await;
}

#[tokio::test]
async fn expired_items_are_deleted() {
    let db = open().await;
    let expiry = json!({"TableName": "orders", "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true}});
    // Switched on again at each start.
    for _ in 0..2 {
        db.converge_table(table("order_id", &[]), Some(expiry.clone()))
            .await
            .unwrap();
    }
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (id, expires_at) in [("old", now - 3600), ("new", now + 3600)] {
        let item = json!({"order_id": {"S": id}, "expires_at": {"N": expires_at.to_string()}});
        let body = json!({"TableName": "orders", "Item": item}).to_string();
        db.call(&headers("PutItem"), Bytes::from(body)).await;
    }
    db.delete_expired_items().await;
    let body = Bytes::from_static(br#"{"TableName": "orders"}"#);
    let answer = db.call(&headers("Scan"), body).await;
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        (&answer["Count"], &answer["Items"][0]["order_id"]["S"]),
        (&json!(1), &json!("new"))
    );
    db.close().await;
}

/// Performs a call, and returns its answer and what it consumed: units of the table, and units of the index.
async fn consumed(db: &DynamoDb, operation: &str, request: Value) -> (Value, f64, f64) {
    let answer = db
        .call(&headers(operation), Bytes::from(request.to_string()))
        .await;
    let capacity = *answer.extensions().get::<Capacity>().unwrap();
    let body = serde_json::from_slice(answer.body()).unwrap();
    (body, capacity.total - capacity.indexes, capacity.indexes)
}

fn units(total: f64, indexes: f64) -> [String; 2] {
    [total, indexes].map(|units| units.to_string())
}

/// Source: DynamoDB Developer Guide, "DynamoDB read and write operations" and "Using Global Secondary Indexes in DynamoDB".
#[tokio::test]
async fn a_call_says_what_it_consumed_without_being_asked_and_its_answer_stays_as_it_is() {
    let db = open().await;
    let with_index = table("order_id", &[("by_customer", "customer_id")]);
    db.converge_table(with_index, None).await.unwrap();
    let item = |id: &str, bytes: usize| json!({"order_id": {"S": id}, "customer_id": {"S": "c"}, "note": {"S": "x".repeat(bytes)}});
    let key = json!({"order_id": {"S": "1"}});

    // 1.5 KB are two units, of the table and of the index.
    let put = json!({"TableName": "orders", "Item": item("1", 1500)});
    let (answer, table, index) = consumed(&db, "PutItem", put).await;
    assert_eq!((answer, units(table, index)), (json!({}), units(2.0, 2.0)));

    // The condition fails at the item of 1.5 KB. The index is not written.
    let put = json!({"TableName": "orders", "Item": item("1", 10), "ConditionExpression": "attribute_not_exists(order_id)"});
    let (answer, table, index) = consumed(&db, "PutItem", put).await;
    assert_eq!(units(table, index), units(2.0, 0.0));
    assert!(answer.get("Item").is_none(), "{answer}");

    // A duplicate of the item of 1.5 KB, and a new row, in one call.
    let insert = |id: &str| {
        let statement = "INSERT INTO \"orders\" VALUE {'order_id': ?, 'customer_id': 'c'}";
        json!({"Statement": statement, "Parameters": [{"S": id}]})
    };
    let batch = json!({"Statements": [insert("1"), insert("2")]});
    let (answer, table, index) = consumed(&db, "BatchExecuteStatement", batch).await;
    assert_eq!(units(table, index), units(3.0, 1.0));
    assert!(answer.get("ConsumedCapacity").is_none(), "{answer}");

    // A mark writes the item and its entry again.
    let update = json!({"TableName": "orders", "Key": key, "UpdateExpression": "SET notified_at = :now",
        "ExpressionAttributeValues": {":now": {"S": "2026-11-23"}}});
    let (_, table, index) = consumed(&db, "UpdateItem", update).await;
    assert_eq!(units(table, index), units(2.0, 2.0));

    for (is_consistent, expected) in [(true, 1.0), (false, 0.5)] {
        let get = json!({"TableName": "orders", "Key": key, "ConsistentRead": is_consistent});
        let (_, table, index) = consumed(&db, "GetItem", get).await;
        assert_eq!(units(table, index), units(expected, 0.0));
    }

    // A client that asks gets its report.
    let get = json!({"TableName": "orders", "Key": key, "ReturnConsumedCapacity": "TOTAL"});
    let (answer, ..) = consumed(&db, "GetItem", get).await;
    assert_eq!(
        answer["ConsumedCapacity"],
        json!({"TableName": "orders", "CapacityUnits": 0.5})
    );
    db.close().await;
}
