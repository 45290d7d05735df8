//! The calls of a list: a query of the index for keys, and reads of rows by their keys.

use serde_json::{Map, Value, json};

use super::{Aws, document};

const QUERY: &str = "DynamoDB_20120810.Query";
const BATCH_GET: &str = "DynamoDB_20120810.BatchGetItem";

/// A request of a list.
fn list(query: &Value) -> Value {
    json!({"httpMethod": "GET", "path": "/orders", "queryStringParameters": query,
        "requestContext": {"httpMethod": "GET", "requestId": "r-1", "path": "/orders"}})
}

fn of_customer() -> Value {
    list(&json!({"customer_id": "c-42"}))
}

fn id(number: u8) -> String {
    format!("0199d3a0-5c1e-7b3a-9f57-2c1d000000{number:02}")
}

/// A stored row of the customer.
fn row(number: u8) -> Value {
    let golden = include_str!("../../../../order-table/golden/row-v1.json");
    let mut row: Value = serde_json::from_str(golden).unwrap();
    row["order_id"] = json!(id(number));
    row
}

/// A JSON value as DynamoDB's protocol writes it.
fn typed_value(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::Array(values) => json!({"L": values.iter().map(typed_value).collect::<Vec<_>>()}),
        Value::Object(_) => json!({"M": typed(value)}),
        other => json!({"S": other}),
    }
}

fn typed(row: &Value) -> Value {
    let fields = row.as_object().unwrap().iter();
    fields
        .map(|(name, value)| (name.clone(), typed_value(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// The key of an order in the index.
fn index_key(number: u8) -> Value {
    json!({"customer_id": {"S": "c-42"}, "accepted_at": {"S": "2026-11-23T09:35:00.123Z"}, "order_id": {"S": id(number)}})
}

/// An answer with the keys of the last page.
fn keys(numbers: &[u8]) -> (u16, Value) {
    let items: Vec<Value> = numbers.iter().copied().map(index_key).collect();
    (200, json!({"Items": items, "Count": items.len()}))
}

/// An answer with rows, and with the keys that were left out.
fn rows(rows: &[Value], left_out: &[u8]) -> (u16, Value) {
    let items: Vec<Value> = rows.iter().map(typed).collect();
    let left: Vec<Value> = left_out
        .iter()
        .map(|number| json!({"order_id": {"S": id(*number)}}))
        .collect();
    let unprocessed = if left.is_empty() {
        json!({})
    } else {
        json!({"orders": {"Keys": left}})
    };
    (
        200,
        json!({"Responses": {"orders": items}, "UnprocessedKeys": unprocessed}),
    )
}

fn listed(document: &Value) -> Vec<&str> {
    let orders = document["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["order_id"].as_str().unwrap())
        .collect()
}

/// The ids of the keys of a call, and whether its reads are consistent.
fn asked(request: &Value) -> (Vec<&str>, bool) {
    let table = &request["RequestItems"]["orders"];
    let keys = table["Keys"].as_array().unwrap().iter();
    (
        keys.map(|key| key["order_id"]["S"].as_str().unwrap()).collect(),
        table["ConsistentRead"] == true,
    )
}

#[tokio::test]
async fn a_page_is_one_query_of_the_index_and_one_read_of_its_rows_in_the_sequence_of_the_index() {
    // DynamoDB answers in any sequence. A key whose sort key changes is twice in the index for a moment.
    let aws = Aws::answering([keys(&[2, 3, 1, 3]), rows(&[row(1), row(2), row(3)], &[])]);
    let document = document(&aws.answer_to(of_customer()).await);
    assert_eq!(listed(&document), [id(2), id(3), id(1)]);
    assert_eq!(document["next_cursor"], Value::Null);
    assert_eq!(aws.calls(), [QUERY, BATCH_GET]);
    let requests = aws.requests();
    let (ids, is_consistent) = asked(&requests[1].1);
    assert_eq!((ids, is_consistent), (vec![&*id(1), &id(2), &id(3)], false));
}

#[tokio::test]
async fn a_query_asks_for_keys_in_the_range_and_none_is_read_of_an_empty_page() {
    let aws = Aws::answering([(
        200,
        json!({"Items": [], "Count": 0, "LastEvaluatedKey": index_key(7)}),
    )]);
    let first = aws
        .answer_to(list(&json!({"customer_id": "c-42", "limit": "7"})))
        .await;
    let cursor = document(&first)["next_cursor"].clone();
    aws.answer_to(list(&json!({"customer_id": "c-42", "cursor": cursor})))
        .await;
    let narrowed = json!({"customer_id": "c-42", "accepted_from": "2026-11-23T09:35:00Z", "accepted_to": "2026-11-24T00:00:00Z",
        "status": "notified", "reference": "PO 17", "sort": "oldest"});
    aws.answer_to(list(&narrowed)).await;
    let requests = aws.requests();
    insta::assert_snapshot!(format!("{:#}", requests[2].1), @r#"
    {
      "ExpressionAttributeValues": {
        ":customer": {
          "S": "c-42"
        },
        ":first": {
          "S": "2026-11-23T09:35:00.000Z"
        },
        ":last": {
          "S": "2026-11-23T23:59:59.999Z"
        }
      },
      "IndexName": "customers",
      "KeyConditionExpression": "customer_id = :customer AND accepted_at BETWEEN :first AND :last",
      "Limit": 20,
      "ProjectionExpression": "order_id, accepted_at",
      "ScanIndexForward": true,
      "TableName": "orders"
    }
    "#);
    insta::assert_snapshot!(format!("{:#}", requests[0].1), @r#"
    {
      "ExpressionAttributeValues": {
        ":customer": {
          "S": "c-42"
        }
      },
      "IndexName": "customers",
      "KeyConditionExpression": "customer_id = :customer",
      "Limit": 7,
      "ProjectionExpression": "order_id, accepted_at",
      "ScanIndexForward": false,
      "TableName": "orders"
    }
    "#);
    assert_eq!(requests[1].1["ExclusiveStartKey"], index_key(7));
    assert_eq!(aws.calls(), [QUERY; 3]);
}

#[tokio::test]
async fn a_page_holds_the_rows_beside_one_that_cannot_be_read() {
    let mut changed = row(2);
    changed["note"] = json!("changed");
    let aws = Aws::answering([keys(&[2, 1]), rows(&[row(1), changed], &[])]);
    let document = document(&aws.answer_to(of_customer()).await);
    assert_eq!(listed(&document), [id(1)]);
    assert_eq!(document["unreadable"], json!([{"order_id": id(2)}]));
}

#[tokio::test]
async fn rows_that_were_left_out_are_asked_for_again() {
    let aws = Aws::answering([
        keys(&[1, 2, 3]),
        rows(&[row(2)], &[1, 3]),
        rows(&[row(3)], &[1]),
        rows(&[row(1)], &[]),
    ]);
    let document = document(&aws.answer_to(of_customer()).await);
    assert_eq!(listed(&document), [id(1), id(2), id(3)]);
    let requests = aws.requests();
    assert_eq!(asked(&requests[2].1).0, [id(1), id(3)]);
    assert_eq!(asked(&requests[3].1).0, [id(1)]);
}

#[tokio::test]
async fn a_page_whose_rows_stay_left_out_is_a_503_and_no_shorter_page() {
    let left = || rows(&[], &[2]);
    let aws = Aws::answering([keys(&[1, 2]), rows(&[row(1)], &[2]), left(), left()]);
    let response = aws.answer_to(of_customer()).await;
    assert_eq!(response.status_code, 503);
    assert_eq!(response.headers["retry-after"], "1");
    assert_eq!(aws.calls().len(), 4);
}

#[tokio::test]
async fn an_order_whose_row_is_gone_by_a_consistent_read_is_left_out() {
    // An eventually consistent read may miss a row that is there. The next cursor stays.
    let mut page = keys(&[1, 2, 3]);
    page.1["LastEvaluatedKey"] = index_key(3);
    let aws = Aws::answering([page, rows(&[row(2)], &[]), rows(&[row(3)], &[])]);
    let document = document(&aws.answer_to(of_customer()).await);
    assert_eq!(listed(&document), [id(2), id(3)]);
    assert!(document["next_cursor"].is_string());
    let requests = aws.requests();
    let (ids, is_consistent) = asked(&requests[2].1);
    assert_eq!((ids, is_consistent), (vec![&*id(1), &id(3)], true));
}

#[tokio::test]
async fn tombstones_other_customers_and_orders_of_another_status_or_reference_are_left_out() {
    let tombstone = json!({"order_id": id(1), "schema_version": 1, "status": "erased",
        "erased_at": "2026-11-29T12:00:00.000Z", "customer_id": "c-42", "accepted_at": "2026-11-29T12:00:00.000Z"});
    let mut others = row(2);
    others["customer_id"] = json!("c-2");
    let rows_of_page = || rows(&[tombstone.clone(), others.clone(), row(3)], &[]);
    let status = row(3)["status"].clone();
    for (query, expected) in [
        (json!({"customer_id": "c-42"}), vec![id(3)]),
        (json!({"customer_id": "c-42", "status": status}), vec![id(3)]),
        (json!({"customer_id": "c-42", "status": "cancelled"}), vec![]),
        (json!({"customer_id": "c-42", "reference": "another"}), vec![]),
    ] {
        let aws = Aws::answering([keys(&[1, 2, 3]), rows_of_page()]);
        let document = document(&aws.answer_to(list(&query)).await);
        assert_eq!(listed(&document), expected, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_long_rows_ends_after_a_megabyte_and_the_next_goes_on_there() {
    // A row that cannot be read counts as well.
    let long = |number| {
        let mut row = row(number);
        row["note"] = json!("x".repeat(400 * 1024));
        row
    };
    let aws = Aws::answering([
        keys(&[1, 2, 3, 4]),
        rows(&[long(1), long(2), long(3), long(4)], &[]),
        keys(&[]),
    ]);
    let first = document(&aws.answer_to(of_customer()).await);
    let unreadable = first["unreadable"].as_array().unwrap();
    assert_eq!(listed(&first).len() + unreadable.len(), 2, "{unreadable:?}");
    let cursor = &first["next_cursor"];
    aws.answer_to(list(&json!({"customer_id": "c-42", "cursor": cursor})))
        .await;
    assert_eq!(aws.requests()[2].1["ExclusiveStartKey"], index_key(2));
}
