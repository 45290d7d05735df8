//! From an event to an answer.

mod list;
mod place;
mod place_all;
mod read;
mod receipt;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::http::Method;
use aws_lambda_events::http::header::{ALLOW, IF_NONE_MATCH, RETRY_AFTER};
use futures_util::FutureExt as _;
use order_core::problem::ProblemKind;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::cors::AllowedOrigins;
use crate::openapi;
use crate::ports::{OrderQueue, OrderTable};
use crate::request::{self, Request};
use crate::response::{Refusal, Response};
use crate::route::Resource;

/// How long an answer waits to learn whether an idempotency key was used before.
const KEY_LOOKUP_TIME: Duration = Duration::from_millis(200);

/// The API: it answers every event, whatever becomes of it.
#[derive(Debug)]
pub struct OrderApi<Q, T> {
    queue: Q,
    table: T,
    allowed_origins: AllowedOrigins,
    pub(crate) key_lookup_time: Duration,
    now: fn() -> OffsetDateTime,
    new_id: fn() -> Uuid,
}

impl<Q: OrderQueue, T: OrderTable> OrderApi<Q, T> {
    /// The API on this queue and this table, open to web pages of these origins.
    #[must_use]
    pub fn new(queue: Q, table: T, allowed_origins: AllowedOrigins) -> Self {
        Self {
            queue,
            table,
            allowed_origins,
            key_lookup_time: KEY_LOOKUP_TIME,
            now: OffsetDateTime::now_utc,
            new_id: Uuid::now_v7,
        }
    }

    /// Answers one REST proxy event (version 1.0) within `time_left`, and logs one line about it.
    pub async fn handle(&self, event: Value, time_left: Duration) -> ApiGatewayProxyResponse {
        let started = Instant::now();
        let request_id = request::request_id(&event);
        let request_id = request_id.as_deref();
        let Some(request) = Request::decode(event) else {
            let refusal = Refusal::new(ProblemKind::Malformed, "the request cannot be decoded");
            let response = Response::refused(refusal, request_id);
            tracing::warn!(request_id, status = response.status(), "event is no proxy event");
            return response.into_proxy(request_id, true);
        };
        let resource = Resource::at(request.path());
        // Nothing that a panic could leave half done is shared between requests.
        let answer = AssertUnwindSafe(self.answer(&request, resource)).catch_unwind();
        let result = match timeout(time_left, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Refusal::new(ProblemKind::Internal, "tell us the request_id")),
            Err(_elapsed) => Err(out_of_time()),
        };
        let response = match result {
            // Only GET and HEAD are answered so.
            Ok(response) if response.status() == 200 => {
                response.revalidated(&request.header(IF_NONE_MATCH.as_str()))
            }
            Ok(response) => response,
            Err(refusal) => Response::refused(refusal, request_id),
        };
        let response = response.with_headers(self.allowed_origins.headers(&request));
        tracing::info!(
            request_id,
            method = request.method().as_str(),
            route = resource.name(),
            status = response.status(),
            order_id = response.order_id().map(tracing::field::display),
            duration_milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        response.into_proxy(request_id, request.method() != Method::HEAD)
    }

    async fn answer(&self, request: &Request, resource: Resource<'_>) -> Result<Response, Refusal> {
        if resource == Resource::Unknown {
            return Err(Refusal::new(
                ProblemKind::NotFound,
                "orders are at /orders, /orders/batch and /orders/{id}; /openapi.json tells all",
            ));
        }
        let allow = resource.allow();
        if !resource.allows(request.method()) {
            let detail = format!("{} knows the methods {allow}", resource.name());
            return Err(Refusal::new(ProblemKind::MethodNotAllowed, detail).with_header(ALLOW, allow));
        }
        if request.method() == Method::OPTIONS {
            let preflight = self.allowed_origins.preflight(request, allow);
            return Ok(Response::options(allow).with_headers(preflight));
        }
        match resource {
            Resource::Orders if request.method() == Method::POST => self.place(request).await,
            Resource::Orders => self.list(request).await,
            Resource::Batch => self.place_all(request).await,
            Resource::Order(id) => self.read(request, id).await,
            Resource::OpenApi => Ok(Response::written(200, openapi::DOCUMENT)),
            Resource::Index | Resource::Unknown => index(request),
        }
    }
}

/// The function's time is nearly over, and somebody else would answer for it.
fn out_of_time() -> Refusal {
    let detail = "there was no answer in time; an order may or may not have been taken, and can safely be sent again under \
                  its idempotency key";
    Refusal::new(ProblemKind::Unavailable, detail).with_header(RETRY_AFTER, "1")
}

/// What there is to do here, for a person or a program that comes without documentation.
fn index(request: &Request) -> Result<Response, Refusal> {
    let base = request.public_path();
    let links = json!({
        "place": {"method": "POST", "href": format!("{base}/orders")},
        "place_many": {"method": "POST", "href": format!("{base}/orders/batch")},
        "list": {"method": "GET", "href": format!("{base}/orders{{?customer_id,limit,cursor}}")},
        "get": {"method": "GET", "href": format!("{base}/orders/{{id}}")},
        "openapi": {"method": "GET", "href": format!("{base}/openapi.json")},
    });
    Response::json(200, &json!({"name": "orders", "links": links}))
}
