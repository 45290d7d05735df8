//! order-worker can insert and cancel orders, and can neither replace nor delete one. The test uses its own credentials.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementRequest, Delete, DeleteRequest, ParameterizedStatement, Put, PutRequest,
    TransactWriteItem, Update, WriteRequest,
};
use integration_tests::time_limit::TimeLimit;
use serde_json::{Value, json};

use crate::system::{System, TEST_TIME_LIMIT, sample};
use crate::template;

const TABLE: &str = "orders";

#[tokio::test(flavor = "multi_thread")]
async fn order_worker_can_neither_replace_nor_delete_an_order() {
    let _limit = TimeLimit::start(TEST_TIME_LIMIT);
    let system = System::start(template::TEXT).await.unwrap();
    let id = system.place(&sample(), "key").await.unwrap();
    system.wait_for_status(&id, "notified").await;
    let key = json!({"order_id": {"S": id}});
    let read = async || {
        let request = json!({"TableName": TABLE, "Key": key});
        system.call("DynamoDB_20120810.GetItem", request).await["Item"].clone()
    };
    let before: Value = read().await;
    assert_eq!(before["status"]["S"], "notified");

    let worker = system.dynamodb_as("order-worker").await;
    for (how, code) in attempt_all(&worker, &id).await {
        assert_eq!(code.as_deref(), Some("AccessDenied"), "{how}");
        assert_eq!(read().await, before, "{how}");
    }

    // Its credentials allow an insert.
    let insert = "INSERT INTO \"orders\" VALUE {'order_id': 'another'}";
    assert_eq!(execute_batch(&worker, &[insert]).await, [None]);
    // An insert of an existing row changes nothing, and a statement that fails does not affect the others.
    let again = format!("INSERT INTO \"orders\" VALUE {{'order_id': '{id}'}}");
    let delete = format!("DELETE FROM \"orders\" WHERE order_id = '{id}'");
    let third = "INSERT INTO \"orders\" VALUE {'order_id': 'third'}";
    let codes = execute_batch(&worker, &[&again, &delete, third]).await;
    let expected = [
        Some("DuplicateItem".to_owned()),
        Some("AccessDenied".to_owned()),
        None,
    ];
    assert_eq!(codes, expected);
    assert_eq!(read().await, before);

    // An update needs a row: it never creates one.
    let update = |id: &str| format!("UPDATE \"orders\" SET \"cancelled_at\" = 'x' WHERE order_id = '{id}'");
    let missing = update("00000000-0000-4000-8000-000000000000");
    let codes = execute_batch(&worker, &[&missing, &update(&id)]).await;
    assert_eq!(codes, [Some("ConditionalCheckFailed".to_owned()), None]);
    assert_eq!(read().await["cancelled_at"]["S"], "x");
    system.running.stop().await;
}

/// Tries every call that could change or delete the row. Returns the error code of each.
async fn attempt_all(worker: &Client, id: &str) -> Vec<(&'static str, Option<String>)> {
    let key = || AttributeValue::S(id.to_owned());
    let mut attempts = Vec::new();
    macro_rules! attempt {
        ($how:literal, $call:expr) => {
            let error = $call.send().await.err();
            let code = error.and_then(|error| error.code().map(str::to_owned));
            attempts.push((
                $how,
                code.map(|code| code.replace("AccessDeniedException", "AccessDenied")),
            ));
        };
    }
    attempt!(
        "PutItem",
        worker.put_item().table_name(TABLE).item("order_id", key())
    );
    attempt!(
        "UpdateItem",
        worker
            .update_item()
            .table_name(TABLE)
            .key("order_id", key())
            .update_expression("SET note = :n")
            .expression_attribute_values(":n", key())
    );
    attempt!(
        "DeleteItem",
        worker.delete_item().table_name(TABLE).key("order_id", key())
    );
    let put = PutRequest::builder().item("order_id", key()).build().unwrap();
    let put = WriteRequest::builder().put_request(put).build();
    attempt!(
        "BatchWriteItem Put",
        worker.batch_write_item().request_items(TABLE, vec![put])
    );
    let delete = DeleteRequest::builder().key("order_id", key()).build().unwrap();
    let delete = WriteRequest::builder().delete_request(delete).build();
    attempt!(
        "BatchWriteItem Delete",
        worker.batch_write_item().request_items(TABLE, vec![delete])
    );
    let put = Put::builder()
        .table_name(TABLE)
        .item("order_id", key())
        .build()
        .unwrap();
    let put = TransactWriteItem::builder().put(put).build();
    attempt!(
        "TransactWriteItems Put",
        worker.transact_write_items().transact_items(put)
    );
    let update = Update::builder().table_name(TABLE).key("order_id", key());
    let update = update.update_expression("REMOVE note").build().unwrap();
    let update = TransactWriteItem::builder().update(update).build();
    attempt!(
        "TransactWriteItems Update",
        worker.transact_write_items().transact_items(update)
    );
    let delete = Delete::builder()
        .table_name(TABLE)
        .key("order_id", key())
        .build()
        .unwrap();
    let delete = TransactWriteItem::builder().delete(delete).build();
    attempt!(
        "TransactWriteItems Delete",
        worker.transact_write_items().transact_items(delete)
    );
    attempt!("DeleteTable", worker.delete_table().table_name(TABLE));

    let delete = format!("DELETE FROM \"orders\" WHERE order_id = '{id}'");
    let hidden = format!("/* INSERT INTO orders */ DELETE FROM orders WHERE order_id = '{id}'");
    for statement in [delete, hidden] {
        attempt!(
            "ExecuteStatement",
            worker.execute_statement().statement(&statement)
        );
        let one = ParameterizedStatement::builder()
            .statement(&statement)
            .build()
            .unwrap();
        attempt!(
            "ExecuteTransaction",
            worker.execute_transaction().transact_statements(one)
        );
        let codes = execute_batch(worker, &[&statement]).await;
        attempts.extend(codes.into_iter().map(|code| ("BatchExecuteStatement", code)));
    }
    attempts
}

/// Executes a batch of statements. Returns the error code of each, and `None` for success.
async fn execute_batch(worker: &Client, statements: &[&str]) -> Vec<Option<String>> {
    let statements = statements.iter().map(|statement| {
        BatchStatementRequest::builder()
            .statement(*statement)
            .build()
            .unwrap()
    });
    let request = worker
        .batch_execute_statement()
        .set_statements(Some(statements.collect()));
    let responses = request.send().await.unwrap().responses.unwrap();
    responses
        .into_iter()
        .map(|response| Some(response.error?.code?.as_str().to_owned()))
        .collect()
}
