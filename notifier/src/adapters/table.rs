//! The table of orders, on DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
    KeysAndAttributes,
};
use order_core::OrderId;
use order_core::row::{Notification, OrderStatus, attribute};

use super::{Aws, call_error};
use crate::ports::{CallError, Marking, Rows, Table};

type Item = HashMap<String, AttributeValue>;

impl Table for Aws {
    async fn read(&self, orders: &[OrderId]) -> Result<Rows, CallError> {
        const OPERATION: &str = "BatchGetItem";
        let unbuilt = |_| CallError {
            operation: OPERATION,
            reason: "the request could not be built".to_owned(),
        };
        let keys = orders
            .iter()
            .map(|order| Item::from([(attribute::ORDER_ID.to_owned(), text(order.to_string()))]));
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            // An eventually consistent read could miss a mark and double an email.
            .consistent_read(true)
            .projection_expression(format!("{}, {}", attribute::ORDER_ID, attribute::NOTIFIED_AT))
            .build()
            .map_err(unbuilt)?;
        let read = self
            .dynamodb
            .batch_get_item()
            .request_items(&self.table, wanted)
            .send()
            .await;
        let read = read.map_err(|error| call_error(OPERATION, &error))?;
        let mut rows = Rows::default();
        for item in read.responses.unwrap_or_default().into_values().flatten() {
            if let Some(order) = order_id(&item) {
                rows.marked
                    .insert(order, item.contains_key(attribute::NOTIFIED_AT));
            }
        }
        let left = read
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|left| left.keys);
        rows.unprocessed = left.filter_map(|key| order_id(&key)).collect();
        Ok(rows)
    }

    async fn mark(&self, orders: &[OrderId], mark: &Notification) -> Result<Vec<Marking>, CallError> {
        const OPERATION: &str = "BatchExecuteStatement";
        let unbuilt = |_| CallError {
            operation: OPERATION,
            reason: "the request could not be built".to_owned(),
        };
        let statement = statement(&self.table);
        let mut request = self.dynamodb.batch_execute_statement();
        for order in orders {
            let parameters = [
                mark.notified_at.to_string(),
                mark.id.clone(),
                OrderStatus::Notified.as_str().to_owned(),
                order.to_string(),
            ];
            let entry = BatchStatementRequest::builder()
                .statement(&statement)
                .set_parameters(Some(parameters.map(text).to_vec()))
                .build()
                .map_err(unbuilt)?;
            request = request.statements(entry);
        }
        let done = request
            .send()
            .await
            .map_err(|error| call_error(OPERATION, &error))?;
        let mut responses = done.responses.unwrap_or_default().into_iter();
        // A response is missing only against AWS's word; then the mark is not known to be set.
        Ok(orders
            .iter()
            .map(|_| {
                responses
                    .next()
                    .map_or_else(unanswered, |response| marking(&response))
            })
            .collect())
    }
}

/// Fails with `ConditionalCheckFailed` on a marked row and on a missing one: a PartiQL `UPDATE` never makes an item.
fn statement(table: &str) -> String {
    let [notified_at, id, status, key] = [
        attribute::NOTIFIED_AT,
        attribute::NOTIFICATION_ID,
        attribute::STATUS,
        attribute::ORDER_ID,
    ];
    format!(
        r#"UPDATE "{table}" SET "{notified_at}"=? SET "{id}"=? SET "{status}"=? WHERE "{key}"=? AND "{notified_at}" IS MISSING"#
    )
}

fn marking(response: &BatchStatementResponse) -> Marking {
    match response.error.as_ref().map(|error| error.code.as_ref()) {
        None | Some(Some(BatchStatementErrorCodeEnum::ConditionalCheckFailed)) => Marking::Marked,
        Some(Some(code)) => Marking::Failed(code.as_str().to_owned()),
        Some(None) => unanswered(),
    }
}

fn unanswered() -> Marking {
    Marking::Failed("unknown error".to_owned())
}

fn order_id(item: &Item) -> Option<OrderId> {
    let text = item.get(attribute::ORDER_ID)?.as_s().ok()?;
    text.parse().ok()
}

fn text(value: String) -> AttributeValue {
    AttributeValue::S(value)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::BatchStatementError;

    use super::*;

    #[test]
    fn the_statement_marks_a_row_once() {
        insta::assert_snapshot!(statement("orders"), @r#"UPDATE "orders" SET "notified_at"=? SET "notification_id"=? SET "status"=? WHERE "order_id"=? AND "notified_at" IS MISSING"#);
    }

    #[test]
    fn a_condition_that_fails_was_marked_before() {
        let failed = |code: BatchStatementErrorCodeEnum| {
            let error = BatchStatementError::builder().code(code).build();
            marking(&BatchStatementResponse::builder().error(error).build())
        };
        assert_eq!(
            marking(&BatchStatementResponse::builder().build()),
            Marking::Marked
        );
        assert_eq!(
            failed(BatchStatementErrorCodeEnum::ConditionalCheckFailed),
            Marking::Marked
        );
        assert_eq!(
            failed(BatchStatementErrorCodeEnum::ThrottlingError),
            Marking::Failed("ThrottlingError".to_owned())
        );
    }
}
