//! A batch call without the entries that fail, and how its answer is completed.

use axum::body::Bytes;
use axum::http::{Response, StatusCode};
use cloud_wire::json;
use serde_json::Value;

/// Adds the failures to the answer. The answer is `None` if every entry failed.
type Join = Box<dyn FnOnce(Option<Response<Bytes>>) -> Response<Bytes> + Send>;

/// A batch call, split into its failing entries and the rest.
pub(crate) struct Partial {
    /// Number of entries that fail.
    pub(crate) failed: usize,
    /// The request without these entries, or `None` if no entry remains.
    pub(crate) rest: Option<Bytes>,
    pub(crate) join: Join,
}

/// Removes the failing elements from an array. Returns them with their indices.
pub(super) fn take_failing(array: &mut Vec<Value>, mut fails: impl FnMut() -> bool) -> Vec<(usize, Value)> {
    let mut failing = Vec::new();
    let mut left = Vec::new();
    for (position, element) in std::mem::take(array).into_iter().enumerate() {
        if fails() {
            failing.push((position, element));
        } else {
            left.push(element);
        }
    }
    *array = left;
    failing
}

/// Changes a JSON answer if it has status 200.
pub(super) fn edit(answer: Response<Bytes>, change: impl FnOnce(&mut Value)) -> Response<Bytes> {
    let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else {
        return answer;
    };
    if answer.status() != StatusCode::OK {
        return answer;
    }
    change(&mut body);
    json::response(StatusCode::OK, &body)
}
