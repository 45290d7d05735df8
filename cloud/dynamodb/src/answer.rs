//! The HTTP answers of DynamoDB.

use bytes::Bytes;
use cloud_wire::json;
use dynoxide::errors::DynoxideError;
use http::{HeaderValue, Response, StatusCode, header};

use crate::operation::Outcome;

/// The answer to what is no request of DynamoDB, as it answers a body of another content type.
pub(crate) fn not_found() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"<UnknownOperationException/>\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    with_checksum(response)
}

/// The answer of this content type to an operation.
pub(crate) fn of(outcome: &Outcome, content_type: &'static str) -> Response<Bytes> {
    match outcome {
        Outcome::Done(body, _) => response(StatusCode::OK, content_type, body.clone()),
        Outcome::Failed(error) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            response(status, content_type, error.to_json())
        }
        Outcome::NotJson => bare("SerializationException", content_type),
        Outcome::Unknown => bare("UnknownOperationException", content_type),
    }
}

/// The answer when the engine did not finish a call. The SDKs try it again.
pub(crate) fn unavailable() -> Response<Bytes> {
    let message = "The service could not complete the request.".to_owned();
    let error = DynoxideError::InternalServerError(message);
    of(&Outcome::Failed(error), json::CONTENT_TYPE)
}

/// An error that was made by the engine's own checks, as JSON.
pub(crate) fn refused(body: String, content_type: &'static str) -> Response<Bytes> {
    response(StatusCode::BAD_REQUEST, content_type, body)
}

/// An error without a message.
fn bare(kind: &str, content_type: &'static str) -> Response<Bytes> {
    let body = serde_json::json!({ "__type": format!("com.amazon.coral.service#{kind}") });
    refused(body.to_string(), content_type)
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    with_checksum(response)
}

/// Adds the checksum of the body, which the SDKs compare.
pub(crate) fn with_checksum(mut response: Response<Bytes>) -> Response<Bytes> {
    let checksum = HeaderValue::from(crc32fast::hash(response.body()));
    response.headers_mut().insert("x-amz-crc32", checksum);
    response
}
