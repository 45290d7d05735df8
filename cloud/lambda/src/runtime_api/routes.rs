//! The paths of the Runtime API.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use uuid::Uuid;

use super::slot::InvocationSlot;
use crate::invocation::{Answer, MAX_PAYLOAD_BYTES, TOO_LARGE, deadline_milliseconds};

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");

#[derive(Clone, Debug)]
struct Process {
    slot: Arc<InvocationSlot>,
    function_arn: HeaderValue,
}

/// Serves the API below `prefix`, which holds the secret. Every other path is forbidden.
pub(super) fn router(slot: Arc<InvocationSlot>, function_arn: &str, prefix: &str) -> Router {
    let function_arn = HeaderValue::from_str(function_arn).unwrap_or(HeaderValue::from_static("unknown"));
    let api = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{request_id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(MAX_PAYLOAD_BYTES))
        .with_state(Process { slot, function_arn });
    Router::new().nest(prefix, api).fallback(forbidden)
}

async fn forbidden() -> Response {
    refuse(
        StatusCode::FORBIDDEN,
        "Forbidden",
        "This port is for the process of one function. Use the value of AWS_LAMBDA_RUNTIME_API in its environment.",
    )
}

async fn next(State(process): State<Process>) -> Response {
    let Some(taken) = process.slot.next().await else {
        return refuse(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            "the previous invocation is not answered",
        );
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (REQUEST_ID, ascii(&taken.request_id.to_string())),
        (DEADLINE, ascii(&deadline_milliseconds(taken.timeout).to_string())),
        (FUNCTION_ARN, process.function_arn),
        (TRACE_ID, ascii(&trace_id(taken.request_id))),
    ];
    (headers, taken.payload).into_response()
}

async fn response(
    State(process): State<Process>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match body {
        Ok(body) => answer(&process, &id, Answer::Response(body)),
        // Answer the invocation with an error. Otherwise it would last until its timeout.
        Err(rejection) => {
            answer(&process, &id, Answer::too_large());
            refuse(rejection.status(), "RequestEntityTooLarge", TOO_LARGE)
        }
    }
}

async fn error(State(process): State<Process>, Path(id): Path<String>, body: Bytes) -> Response {
    answer(&process, &id, Answer::Error(body))
}

async fn init_error(State(process): State<Process>, body: Bytes) -> Response {
    process.slot.fail_initialization(body);
    accepted()
}

/// Passes an answer on. An answer to another invocation, for example one that timed out, is refused as on
/// AWS.
fn answer(process: &Process, id: &str, answer: Answer) -> Response {
    if Uuid::parse_str(id).is_ok_and(|id| process.slot.answer(id, answer)) {
        accepted()
    } else {
        refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
    }
}

fn accepted() -> Response {
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::ACCEPTED, content_type, r#"{"status":"OK"}"#).into_response()
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (
        status,
        content_type,
        json!({"errorType": kind, "errorMessage": message}).to_string(),
    )
        .into_response()
}

/// Returns a trace id in the form of X-Ray, made of the request id, with `Sampled=0`.
pub(crate) fn trace_id(request_id: Uuid) -> String {
    let digits = request_id.simple().to_string();
    format!(
        "Root=1-{}-{};Parent={};Sampled=0",
        &digits[..8],
        &digits[8..],
        &digits[16..]
    )
}

fn ascii(text: &str) -> HeaderValue {
    // The text has only digits, letters and punctuation, so it is always a valid header value.
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
