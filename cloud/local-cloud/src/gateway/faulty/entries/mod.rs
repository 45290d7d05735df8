//! Batch calls of which single entries fail: those are taken out of the request, and their failures put into the
//! answer as AWS words them. What is left of the call happens as it always does.

mod get_items;
mod publish;
mod queue_batch;
mod statements;

use axum::body::Bytes;
use axum::http::{Response, StatusCode};
use serde_json::Value;

use super::super::call::{Call, Service};
use super::answer::json_response;

/// Puts the failures into the answer to the rest; there is none where every entry failed.
type Join = Box<dyn FnOnce(Option<Response<Bytes>>) -> Response<Bytes> + Send>;

/// A batch call, taken apart.
pub(super) struct Partial {
    /// How many entries fail.
    pub(super) failed: usize,
    /// The request without them; `None` if nothing is left.
    pub(super) rest: Option<Bytes>,
    pub(super) join: Join,
}

impl Partial {
    /// Takes a call apart; `fails` decides on one entry after the other.
    ///
    /// `None` if no entry is to fail, if the operation knows no entries, and if its request cannot be read: that is for
    /// its service to say.
    pub(super) fn of(call: &Call, fails: impl FnMut() -> bool) -> Option<Self> {
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
}

/// Takes the elements out of an array that fail; gives them with the places that they had.
fn take_failing(array: &mut Vec<Value>, mut fails: impl FnMut() -> bool) -> Vec<(usize, Value)> {
    let mut failing = Vec::new();
    let mut left = Vec::new();
    for (place, element) in std::mem::take(array).into_iter().enumerate() {
        if fails() {
            failing.push((place, element));
        } else {
            left.push(element);
        }
    }
    *array = left;
    failing
}

/// Changes an answer in JSON, if it is one of success.
fn edit(answer: Response<Bytes>, change: impl FnOnce(&mut Value)) -> Response<Bytes> {
    let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else {
        return answer;
    };
    if answer.status() != StatusCode::OK {
        return answer;
    }
    change(&mut body);
    json_response(&body)
}
