//! Answers a request.

mod cover;
mod document;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::time::{Duration, Instant};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::http::Method;
use aws_lambda_events::http::header::{ALLOW, IF_NONE_MATCH, RETRY_AFTER};
use function_runtime::panics::catch_async;
use rest_function::{AllowedOrigins, Request, RequestIds, Response};
use serde_json::json;
use time::OffsetDateTime;
use timestamp::Timestamp;
use tokio::time::timeout;

use crate::openapi;
use crate::ports::{Catalogue, CatalogueError};
use crate::problem::{ErrorResponse, Problem, ProblemKind};
use crate::route::Resource;
use crate::upload::UploadBucket;

/// The headers that a page's script may send: those of a request, of a signature (Signature Version 4) and of an API key.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, If-Match, If-None-Match, X-Amz-Content-Sha256, X-Amz-Date, \
    X-Amz-Security-Token, X-Amz-User-Agent, X-Api-Key";
/// The headers that a page's script may read in addition to those that every script may.
const EXPOSED_HEADERS: &str = "ETag, Location, Retry-After, X-Request-Id";

/// The API. It answers every event, whatever happens.
#[derive(Debug)]
pub struct CatalogApi<C> {
    catalogue: C,
    allowed_origins: AllowedOrigins,
    uploads: UploadBucket,
    credentials: SharedCredentialsProvider,
    now: fn() -> Timestamp,
}

impl<C: Catalogue> CatalogApi<C> {
    /// The API on this catalogue, which pages of these origins may call. It signs uploads into the bucket with these credentials.
    #[must_use]
    pub fn new(
        catalogue: C,
        allowed_origins: AllowedOrigins,
        uploads: UploadBucket,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        Self {
            catalogue,
            allowed_origins,
            uploads,
            credentials,
            now: || Timestamp::new(OffsetDateTime::now_utc()),
        }
    }

    /// Answers one REST proxy event (version 1.0) within `time_left`, and logs one line about it.
    pub async fn handle(&self, event: &str, time_left: Duration) -> ApiGatewayProxyResponse {
        let started = Instant::now();
        let RequestIds { request_id, .. } = RequestIds::of(event);
        let request_id = request_id.as_deref();
        let Some(request) = Request::decode(event) else {
            let error = ErrorResponse::new(ProblemKind::Malformed, "the request cannot be decoded");
            let response = Response::error(error, request_id);
            tracing::warn!(
                request_id,
                status = response.status(),
                "the event is not a proxy event"
            );
            return response.into_proxy(request_id, true);
        };
        let resource = Resource::at(request.path());
        let answer = catch_async(self.answer(&request, resource));
        let result = match timeout(time_left, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panicked)) => Err(Problem::internal("Something failed on our side.", request_id).into()),
            Err(_elapsed) => Err(out_of_time()),
        };
        let response = result.unwrap_or_else(|error| Response::error(error, request_id));
        let origin = self.allowed_origins.headers(&request, EXPOSED_HEADERS);
        let response = response.with_headers(origin);
        tracing::info!(
            request_id,
            method = request.method().as_str(),
            route = resource.name(),
            status = response.status(),
            isbn = response.subject(),
            duration_milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        response.into_proxy(request_id, request.method() != Method::HEAD)
    }

    async fn answer(&self, request: &Request, resource: Resource<'_>) -> Result<Response, ErrorResponse> {
        if resource == Resource::Unknown {
            return Err(ErrorResponse::new(
                ProblemKind::NotFound,
                "books are at /books and /books/{isbn}; /openapi.json describes the API",
            ));
        }
        let allow = resource.allow();
        if !resource.allows(request.method()) {
            let detail = format!("{} supports the methods {allow}", resource.name());
            return Err(ErrorResponse::new(ProblemKind::MethodNotAllowed, detail).with_header(ALLOW, allow));
        }
        if request.method() == Method::OPTIONS {
            let preflight = self.allowed_origins.preflight(request, allow, ALLOWED_HEADERS);
            return Ok(Response::options(allow).with_headers(preflight));
        }
        match (resource, request.method()) {
            (Resource::Books, &Method::POST) => self.create(request).await,
            (Resource::Cover(isbn), &Method::POST) => self.sign_upload(request, isbn).await,
            (Resource::Book(isbn), &Method::PUT) => self.replace(request, isbn).await,
            (Resource::Book(isbn), &Method::DELETE) => self.remove(request, isbn).await,
            _ => {
                let response = match resource {
                    Resource::Books => self.list(request).await?,
                    Resource::Book(isbn) => self.read(request, isbn).await?,
                    Resource::OpenApi => Response::written(200, openapi::DOCUMENT),
                    Resource::Index | Resource::Cover(_) | Resource::Unknown => index(request)?,
                };
                Ok(response.revalidated(&request.header(IF_NONE_MATCH.as_str())))
            }
        }
    }
}

/// The function's time is nearly over. Without an answer now API Gateway would answer with a 504.
fn out_of_time() -> ErrorResponse {
    let detail =
        "there was no answer in time; a change may or may not be made, so read the book before the next try";
    ErrorResponse::new(ProblemKind::Unavailable, detail).with_header(RETRY_AFTER, "1")
}

/// The table did not answer as it should.
fn failed(request: &Request, error: &CatalogueError) -> ErrorResponse {
    tracing::error!(request_id = request.id(), %error, "the catalogue failed");
    match error {
        CatalogueError::Unavailable(_) => {
            let detail = "the catalogue cannot be reached right now; try again";
            ErrorResponse::new(ProblemKind::Unavailable, detail).with_header(RETRY_AFTER, "1")
        }
        CatalogueError::PicturesStay(_) | CatalogueError::Unreadable(_) => {
            Problem::internal("A stored book cannot be read.", request.id()).into()
        }
    }
}

/// Links to everything in the API, for a person or a program without documentation.
fn index(request: &Request) -> Result<Response, ErrorResponse> {
    let base = request.public_path();
    let links = json!({
        "list": {"method": "GET", "href": format!("{base}/books{{?q,limit,cursor}}")},
        "create": {"method": "POST", "href": format!("{base}/books")},
        "read": {"method": "GET", "href": format!("{base}/books/{{isbn}}")},
        "change": {"method": "PUT", "href": format!("{base}/books/{{isbn}}")},
        "delete": {"method": "DELETE", "href": format!("{base}/books/{{isbn}}")},
        "upload_cover": {"method": "POST", "href": format!("{base}/books/{{isbn}}/cover")},
        "openapi": {"method": "GET", "href": format!("{base}/openapi.json")},
    });
    Response::json(200, &json!({"name": "catalog", "links": links}))
}
