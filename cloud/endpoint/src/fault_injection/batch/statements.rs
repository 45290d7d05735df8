//! `BatchExecuteStatement`: each statement succeeds or fails alone. The call itself succeeds.
//!
//! Source: DynamoDB API Reference, `BatchStatementResponse` and `BatchStatementError`.

use axum::body::Bytes;
use axum::http::StatusCode;
use cloud_wire::json;
use serde_json::Value;

use super::partial::{Partial, edit, take_failing};

/// Error codes for statements without effect, used in turn.
const CODES: [(&str, &str); 4] = [
    (
        "ThrottlingError",
        "Throughput exceeds the current capacity of your table.",
    ),
    (
        "ProvisionedThroughputExceeded",
        "The level of configured provisioned throughput was exceeded.",
    ),
    ("InternalServerError", "Internal server error."),
    (
        "RequestLimitExceeded",
        "Throughput exceeds the current throughput limit for your account.",
    ),
];

pub(super) fn split(body: &[u8], fails: impl FnMut() -> bool) -> Option<Partial> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let statements = request.get_mut("Statements")?.as_array_mut()?;
    let failing = take_failing(statements, fails);
    if failing.is_empty() {
        return None;
    }
    let rest = (!statements.is_empty()).then(|| Bytes::from(request.to_string()));
    Some(Partial {
        failed: failing.len(),
        rest,
        join: Box::new(move |answer| {
            let nothing = || json::response(StatusCode::OK, &serde_json::json!({"Responses": []}));
            edit(answer.unwrap_or_else(nothing), |answer| {
                let Some(responses) = answer["Responses"].as_array_mut() else {
                    return;
                };
                // The indices are in ascending order, so each failure gets the index of its statement.
                for (position, _) in failing {
                    responses.insert(position.min(responses.len()), failure(position));
                }
            })
        }),
    })
}

fn failure(position: usize) -> Value {
    let (code, message) = CODES[position % CODES.len()];
    serde_json::json!({"Error": {"Code": code, "Message": message}})
}
