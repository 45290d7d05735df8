//! Batch calls of which single entries fail: those are taken out of the request, and their failures put into the
//! answer as AWS words them. What is left of the call happens as it always does.

mod get_items;
mod partial;
mod publish;
mod queue_batch;
mod statements;

use crate::call::{Call, Service};
use partial::Partial;

/// Takes a call apart; `fails` decides on one entry after the other.
///
/// `None` if no entry is to fail, if the operation knows no entries, and if its request cannot be read: that is for
/// its service to say.
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
