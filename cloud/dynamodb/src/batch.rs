//! Performs a `BatchExecuteStatement` in which the answers to some statements are known already.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use crate::answer::with_checksum;
use crate::service::DynamoDb;

/// Builds DynamoDB's answer for a failed statement. Source: DynamoDB API Reference, `BatchStatementResponse`.
#[must_use]
pub fn statement_error(code: &str, message: &str) -> Value {
    json!({"Error": {"Code": code, "Message": message}})
}

impl DynamoDb {
    /// Performs all statements except those in `answers`, which maps the index of a statement to its answer.
    /// Returns one answer for the whole batch.
    pub async fn call_but(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        answers: &BTreeMap<usize, Value>,
    ) -> Response<Bytes> {
        let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
        let statements = match request["Statements"].take() {
            Value::Array(statements) => statements,
            _ => Vec::new(),
        };
        let total = statements.len();
        let left = statements.into_iter().enumerate();
        let left: Vec<Value> = left
            .filter(|(at, _)| !answers.contains_key(at))
            .map(|(_, statement)| statement)
            .collect();
        let (mut response, mut answer) = if left.is_empty() {
            (Response::new(Bytes::new()), json!({}))
        } else {
            request["Statements"] = Value::Array(left);
            let response = self.call(headers, Bytes::from(request.to_string())).await;
            if response.status() != StatusCode::OK {
                return response;
            }
            let answer = serde_json::from_slice(response.body()).unwrap_or_default();
            (response, answer)
        };
        let done = match answer["Responses"].take() {
            Value::Array(done) => done,
            _ => Vec::new(),
        };
        let mut done = done.into_iter();
        let merged = (0..total).map(|at| match answers.get(&at) {
            Some(answer) => answer.clone(),
            None => done.next().unwrap_or_else(|| json!({})),
        });
        answer["Responses"] = merged.collect();
        *response.body_mut() = Bytes::from(answer.to_string());
        with_checksum(response)
    }
}
