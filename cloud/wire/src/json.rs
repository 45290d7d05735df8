//! Answers of the JSON protocols: AWS JSON 1.0, which SQS and DynamoDB share.
//!
//! Source: AWS Smithy documentation, "AWS JSON 1.0 protocol".

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// The content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// An answer of this status.
#[must_use]
pub fn response(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

/// An error: the name of its shape with the shape's namespace, and its message.
#[must_use]
pub fn error(status: StatusCode, shape: &str, message: &str) -> Response<Bytes> {
    response(status, &json!({ "__type": shape, "message": message }))
}
