//! `BatchGetItem`: keys that fail are returned as `UnprocessedKeys`, as if the table had no capacity for
//! them.
//!
//! At least one key is processed. On AWS, a call without any processed key fails as a whole. Source: DynamoDB
//! API Reference, `BatchGetItem`.

use axum::body::Bytes;
use serde_json::{Map, Value};

use super::partial::{Partial, edit, take_failing};

pub(super) fn split(body: &[u8], mut fails: impl FnMut() -> bool) -> Option<Partial> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let tables = request.get_mut("RequestItems")?.as_object_mut()?;
    let mut unprocessed = Map::new();
    let mut failed = 0;
    let mut first = true;
    for (table, asked) in tables {
        let Some(keys) = asked.get_mut("Keys").and_then(Value::as_array_mut) else {
            continue;
        };
        let failing = take_failing(keys, || !std::mem::take(&mut first) && fails());
        if failing.is_empty() {
            continue;
        }
        failed += failing.len();
        let mut again = asked.clone();
        again["Keys"] = failing.into_iter().map(|(_, key)| key).collect();
        unprocessed.insert(table.clone(), again);
    }
    if failed == 0 {
        return None;
    }
    // Remove a table if all of its keys failed, because a request must not contain an empty list of keys.
    if let Some(tables) = request["RequestItems"].as_object_mut() {
        tables.retain(|_, asked| asked["Keys"].as_array().is_none_or(|keys| !keys.is_empty()));
    }
    Some(Partial {
        failed,
        rest: Some(Bytes::from(request.to_string())),
        join: Box::new(|answer| {
            edit(
                answer.unwrap_or_default(),
                |answer| match answer["UnprocessedKeys"].as_object_mut() {
                    Some(others) => others.extend(unprocessed),
                    None => answer["UnprocessedKeys"] = unprocessed.into(),
                },
            )
        }),
    })
}
