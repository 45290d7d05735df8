//! Batch calls in which single entries fail. The failing entries are removed from the request, the service
//! performs the rest, and the failures are added to the answer in AWS's form.

mod get_items;
mod partial;
mod publish;
mod queue_batch;
mod statements;

use crate::call::{Call, Service};
use partial::Partial;

/// Splits a call. `fails` decides for one entry after the other.
///
/// Returns `None` if no entry fails, if the operation has no entries, or if the request cannot be parsed.
/// In the last case the service answers with its own error.
pub(crate) fn split(call: &Call, fails: impl FnMut() -> bool) -> Option<Partial> {
    match (call.service, call.operation.as_str()) {
        (Service::Sqs, "SendMessageBatch" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch") => {
            queue_batch::split(&call.body, fails)
        }
        (Service::Sns, "PublishBatch") => publish::split(&call.body, call.request_id.clone(), fails),
        (Service::DynamoDb, "BatchExecuteStatement") => statements::split(&call.body, fails),
        (Service::DynamoDb, "BatchGetItem") => get_items::split(&call.body, fails),
        _ => None,
    }
}
