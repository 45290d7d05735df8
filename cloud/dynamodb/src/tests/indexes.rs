//! Indexes with keys alone: what a write of them costs, and a table that gets one later.

use super::*;

/// A table whose index has keys alone.
fn table_with_keys() -> Value {
    let mut table = table("order_id", &[("by_customer_keys", "customer_id")]);
    table["GlobalSecondaryIndexes"][0]["Projection"] = json!({"ProjectionType": "KEYS_ONLY"});
    table
}

/// Source: DynamoDB Developer Guide, "Using Global Secondary Indexes in DynamoDB", on synchronization and on write capacity: a new item with
/// the key of the index is one write of the index, and so is a deletion. A change of the value of the key takes two. A change of another projected attribute
/// takes one, and a write that changes no projected attribute takes none. The size is that of the projected attributes.
#[tokio::test]
async fn a_write_that_changes_no_projected_attribute_costs_no_write_of_the_index() {
    let db = open().await;
    db.converge_table(table_with_keys(), None).await.unwrap();
    let update = |expression: &str| {
        json!({"TableName": "orders", "Key": {"order_id": {"S": "1"}}, "UpdateExpression": expression,
            "ExpressionAttributeValues": {":new": {"S": "new"}}})
    };

    // The row has 3 KB. The index has its keys.
    let item = json!({"order_id": {"S": "1"}, "customer_id": {"S": "c"}, "note": {"S": "x".repeat(2500)}});
    let put = json!({"TableName": "orders", "Item": item});
    let (_, table, index) = consumed(&db, "PutItem", put.clone()).await;
    assert_eq!(units(table, index), units(3.0, 1.0));
    let (_, table, index) = consumed(&db, "PutItem", put).await;
    assert_eq!(units(table, index), units(3.0, 0.0), "the same item again");

    let (_, table, index) = consumed(&db, "UpdateItem", update("SET notified_at = :new")).await;
    assert_eq!(units(table, index), units(3.0, 0.0));
    let statement = "UPDATE \"orders\" SET notified_at = 'later' WHERE order_id = '1'";
    let mark = json!({"Statements": [{"Statement": statement}]});
    let (_, table, index) = consumed(&db, "BatchExecuteStatement", mark).await;
    assert_eq!(units(table, index), units(3.0, 0.0));

    let (_, table, index) = consumed(&db, "UpdateItem", update("SET customer_id = :new")).await;
    assert_eq!(units(table, index), units(3.0, 2.0));
    let delete = json!({"TableName": "orders", "Key": {"order_id": {"S": "1"}}});
    let (_, table, index) = consumed(&db, "DeleteItem", delete).await;
    assert_eq!(units(table, index), units(3.0, 1.0));
    db.close().await;
}

/// A data directory of an earlier version has the index with whole rows. It stays, so that the earlier version still runs on the directory.
#[tokio::test]
async fn a_table_with_rows_gets_the_index_with_keys_and_keeps_the_one_with_rows() {
    let db = open().await;
    let earlier = table("order_id", &[("by_customer", "customer_id")]);
    db.converge_table(earlier.clone(), None).await.unwrap();
    let put = |id: &str| json!({"TableName": "orders", "Item": {"order_id": {"S": id}, "customer_id": {"S": "c"}, "note": {"S": "n"}}});
    consumed(&db, "PutItem", put("1")).await;
    db.converge_table(table_with_keys(), None).await.unwrap();
    let (_, table, index) = consumed(&db, "PutItem", put("2")).await;
    assert_eq!(units(table, index), units(1.0, 2.0), "both indexes are written");
    for (name, attributes) in [("by_customer_keys", 2), ("by_customer", 3)] {
        let query = json!({"TableName": "orders", "IndexName": name, "KeyConditionExpression": "customer_id = :c",
            "ExpressionAttributeValues": {":c": {"S": "c"}}});
        let (answer, ..) = consumed(&db, "Query", query).await;
        let items = answer["Items"].as_array().unwrap();
        let counts: Vec<usize> = items.iter().map(|item| item.as_object().unwrap().len()).collect();
        assert_eq!(counts, [attributes; 2], "{name}: {answer}");
    }
    db.converge_table(earlier, None).await.unwrap();
    db.close().await;
}
