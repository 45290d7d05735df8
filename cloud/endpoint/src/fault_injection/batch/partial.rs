//! A batch call without the entries that fail, and how its answer is completed.

use axum::body::Bytes;
use axum::http::{Response, StatusCode};
use cloud_wire::json;
use serde_json::Value;

/// Puts the failures into the answer to the rest; there is none where every entry failed.
type Join = Box<dyn FnOnce(Option<Response<Bytes>>) -> Response<Bytes> + Send>;

/// A batch call, taken apart.
pub(crate) struct Partial {
    /// How many entries fail.
    pub(crate) failed: usize,
    /// The request without them; `None` if nothing is left.
    pub(crate) rest: Option<Bytes>,
    pub(crate) join: Join,
}

/// Takes the elements out of an array that fail; gives them with the places that they had.
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

/// Changes an answer in JSON, if it is one of success.
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
