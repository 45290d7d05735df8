//! The buckets of the shop on one machine: covers are read and uploads are sent through the server of the pages.
//!
//! The port of the buckets answers no web page. Here the pages have one origin with them, as on AWS. Nothing is signed
//! here: S3 decides as for everybody without credentials, and by the signature in the form.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::addresses::Storefront;

/// The largest form: a file of 20 MiB, and the fields before it.
const MAX_FORM: usize = 21 * 1024 * 1024;

/// The headers of an answer that the browser sees.
const PASSED: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::ETAG,
    header::LAST_MODIFIED,
];

/// Reads a picture.
pub(crate) async fn cover(State(storefront): State<Storefront>, Path(path): Path<String>) -> Response {
    // A browser resolves dots, and nothing else is in a path of a picture.
    if path
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.'))
        || path.contains(['?', '#', '%', '\\'])
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(buckets) = storefront.buckets() else {
        return starting();
    };
    let url = format!("{}/covers/{path}", buckets.covers_url);
    answer(buckets.client.get(url)).await
}

/// Sends a signed form.
pub(crate) async fn upload(State(storefront): State<Storefront>, request: Request) -> Response {
    let Some(buckets) = storefront.buckets() else {
        return starting();
    };
    let (parts, body) = request.into_parts();
    let Ok(form) = to_bytes(body, MAX_FORM).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut sent = buckets.client.post(&buckets.uploads_url).body(form);
    if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
        sent = sent.header(header::CONTENT_TYPE, kind);
    }
    answer(sent).await
}

async fn answer(request: reqwest::RequestBuilder) -> Response {
    let Ok(answer) = request.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for name in PASSED {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    // A file that somebody uploaded is no page of the shop.
    let policy = [
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (policy, response).into_response()
}

fn starting() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response()
}
