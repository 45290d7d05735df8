//! The table of orders, on DynamoDB.

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
    KeysAndAttributes,
};
use function_runtime::aws::{call_error, unsendable};
use function_runtime::call_error::code;
use function_runtime::{Answers, CallError};
use order_core::{EventType, OrderId};
use order_table::attribute_value::{key, order_id};
use order_table::{Notification, OrderStatus, attribute};

use super::Aws;
use crate::ports::{RowState, Rows, Table};

impl Table for Aws {
    async fn read(&self, orders: &[OrderId]) -> Result<Rows, CallError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(orders.iter().copied().map(key).collect()))
            // An eventually consistent read could miss a mark, and a second email would be sent.
            .consistent_read(true)
            .projection_expression(
                [
                    attribute::ORDER_ID,
                    attribute::NOTIFIED_AT,
                    attribute::CANCELLED_AT,
                    attribute::CANCELLATION_NOTIFIED_AT,
                    attribute::ERASED_AT,
                ]
                .join(", "),
            )
            .build()
            .map_err(unsendable)?;
        let read = self
            .dynamodb
            .batch_get_item()
            .request_items(&self.table, wanted)
            .send()
            .await;
        let read = read.map_err(|error| call_error(&error))?;
        let mut rows = Rows::default();
        for item in read.responses.unwrap_or_default().into_values().flatten() {
            if let Some(order) = order_id(&item) {
                rows.states
                    .insert(order, RowState::of(|attribute| item.contains_key(attribute)));
            }
        }
        let unprocessed = read
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|unprocessed| unprocessed.keys);
        rows.unprocessed = unprocessed.filter_map(|key| order_id(&key)).collect();
        Ok(rows)
    }

    async fn mark(&self, orders: &[OrderId], about: EventType, mark: &Notification) -> Answers {
        let statement = statement(&self.table, about);
        let status = status(about).as_str();
        let mut request = self.dynamodb.batch_execute_statement();
        for order in orders {
            let parameters = [
                mark.notified_at.to_string(),
                mark.id.clone(),
                status.to_owned(),
                order.to_string(),
            ];
            let entry = BatchStatementRequest::builder()
                .statement(&statement)
                .set_parameters(Some(parameters.map(AttributeValue::S).to_vec()))
                .build()
                .map_err(unsendable)?;
            request = request.statements(entry);
        }
        let done = request.send().await.map_err(|error| call_error(&error))?;
        Ok(done.responses.unwrap_or_default().iter().map(answer).collect())
    }
}

/// The status of a row after its mark.
const fn status(about: EventType) -> OrderStatus {
    match about {
        EventType::Confirmed => OrderStatus::Notified,
        EventType::Cancelled => OrderStatus::Cancelled,
    }
}

/// Fails with `ConditionalCheckFailed` on a marked row, on a tombstone, and on a missing row: a PartiQL `UPDATE` never creates an item.
/// A mark that an order is confirmed fails on a cancelled row too, and so never takes its status away. Code from before cancellations may
/// have done that, and the mark of the cancellation sets it again.
fn statement(table: &str, about: EventType) -> String {
    let (notified_at, id, condition) = match about {
        EventType::Confirmed => (
            attribute::NOTIFIED_AT,
            attribute::NOTIFICATION_ID,
            format!(r#""{}" IS MISSING"#, attribute::CANCELLED_AT),
        ),
        EventType::Cancelled => (
            attribute::CANCELLATION_NOTIFIED_AT,
            attribute::CANCELLATION_NOTIFICATION_ID,
            format!(r#""{}" IS NOT MISSING"#, attribute::CANCELLED_AT),
        ),
    };
    let [status, key, erased_at] = [attribute::STATUS, attribute::ORDER_ID, attribute::ERASED_AT];
    format!(
        r#"UPDATE "{table}" SET "{notified_at}"=? SET "{id}"=? SET "{status}"=? WHERE "{key}"=? AND "{notified_at}" IS MISSING AND {condition} AND "{erased_at}" IS MISSING"#
    )
}

fn answer(response: &BatchStatementResponse) -> Result<(), CallError> {
    match response.error.as_ref().map(|error| error.code.as_ref()) {
        None | Some(Some(BatchStatementErrorCodeEnum::ConditionalCheckFailed)) => Ok(()),
        Some(Some(code)) => Err(CallError::new(code.as_str().to_owned())),
        Some(None) => Err(CallError::new(code::UNKNOWN_ERROR)),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::BatchStatementError;

    use super::*;

    #[test]
    fn the_statement_marks_a_row_once() {
        insta::assert_snapshot!(statement("orders", EventType::Confirmed), @r#"UPDATE "orders" SET "notified_at"=? SET "notification_id"=? SET "status"=? WHERE "order_id"=? AND "notified_at" IS MISSING AND "cancelled_at" IS MISSING AND "erased_at" IS MISSING"#);
        insta::assert_snapshot!(statement("orders", EventType::Cancelled), @r#"UPDATE "orders" SET "cancellation_notified_at"=? SET "cancellation_notification_id"=? SET "status"=? WHERE "order_id"=? AND "cancellation_notified_at" IS MISSING AND "cancelled_at" IS NOT MISSING AND "erased_at" IS MISSING"#);
    }

    #[test]
    fn a_failed_condition_means_marked_or_erased_before() {
        let failed = |code: BatchStatementErrorCodeEnum| {
            let error = BatchStatementError::builder().code(code).build();
            answer(&BatchStatementResponse::builder().error(error).build())
        };
        assert_eq!(answer(&BatchStatementResponse::builder().build()), Ok(()));
        assert_eq!(
            failed(BatchStatementErrorCodeEnum::ConditionalCheckFailed),
            Ok(())
        );
        assert_eq!(
            failed(BatchStatementErrorCodeEnum::ThrottlingError),
            Err(CallError::new("ThrottlingError"))
        );
    }
}
