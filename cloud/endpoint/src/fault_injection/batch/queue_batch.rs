//! The batch actions of SQS. Source: SQS API Reference, `BatchResultErrorEntry`.

use axum::body::Bytes;
use axum::http::StatusCode;
use cloud_wire::json;
use serde_json::Value;

use super::partial::{Partial, edit, take_failing};

pub(super) fn split(body: &[u8], fails: impl FnMut() -> bool) -> Option<Partial> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let entries = request.get_mut("Entries")?.as_array_mut()?;
    let failing = take_failing(entries, fails);
    if failing.is_empty() {
        return None;
    }
    let rest = (!entries.is_empty()).then(|| Bytes::from(request.to_string()));
    let failed: Vec<_> = failing.iter().map(|(_, entry)| failure(&entry["Id"])).collect();
    Some(Partial {
        failed: failed.len(),
        rest,
        join: Box::new(|answer| {
            let nothing = || {
                json::response(
                    StatusCode::OK,
                    &serde_json::json!({"Successful": [], "Failed": []}),
                )
            };
            edit(answer.unwrap_or_else(nothing), |answer| {
                match answer["Failed"].as_array_mut() {
                    Some(others) => others.extend(failed),
                    None => answer["Failed"] = failed.into(),
                }
            })
        }),
    })
}

fn failure(id: &Value) -> Value {
    serde_json::json!({
        "Id": id,
        "Code": "InternalError",
        "Message": "The entry could not be processed.",
        "SenderFault": false,
    })
}
