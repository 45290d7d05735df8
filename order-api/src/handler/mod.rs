//! Answers a request.

mod cancel;
mod claim;
mod list;
mod place;
mod place_batch;
mod read;
mod receipt;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::http::Method;
use aws_lambda_events::http::header::{ALLOW, IF_NONE_MATCH, RETRY_AFTER};
use function_runtime::panics::catch_async;
use rest_function::{Request, RequestIds, Response};
use serde_json::json;
use telemetry::metrics::{self, Count};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::config::Settings;
use crate::openapi;
use crate::ports::{ClaimTable, OrderQueue, OrderTable};
use crate::problem::{ErrorResponse, Problem, ProblemKind};
use crate::route::Resource;
use crate::version;

/// The headers that a page's script may send: those of a request, of a signature (Signature Version 4), of an API key, and of a
/// trace (X-Ray, W3C Trace Context, W3C Baggage), which tracing libraries add to every request.
const ALLOWED_HEADERS: &str = "API-Version, Authorization, Baggage, Content-Type, Idempotency-Key, If-None-Match, Traceparent, \
    Tracestate, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-Security-Token, X-Amz-User-Agent, X-Amzn-Trace-Id, X-Api-Key";
/// The headers that a page's script may read in addition to those that every script may.
const EXPOSED_HEADERS: &str = "API-Version, ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id";

/// The API. It answers every event, whatever happens.
#[derive(Debug)]
pub struct OrderApi<Q, T, C> {
    queue: Q,
    table: T,
    claims: C,
    settings: Settings,
    now: fn() -> OffsetDateTime,
    new_id: fn() -> Uuid,
}

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    /// The API on this queue and these tables.
    #[must_use]
    pub fn new(queue: Q, table: T, claims: C, settings: Settings) -> Self {
        Self {
            queue,
            table,
            claims,
            settings,
            now: OffsetDateTime::now_utc,
            new_id: Uuid::now_v7,
        }
    }

    /// Answers one REST proxy event (version 1.0) within `time_left`, and logs one line about it.
    pub async fn handle(&self, event: &str, time_left: Duration) -> ApiGatewayProxyResponse {
        let RequestIds {
            request_id,
            extended_request_id,
        } = RequestIds::of(event);
        let request_id = request_id.as_deref();
        let Some(request) = Request::decode(event) else {
            let error = ErrorResponse::new(ProblemKind::Malformed, "the request cannot be decoded");
            let response = Response::error(error, request_id);
            tracing::warn!(
                request_id,
                status = response.status(),
                "the event is not a proxy event"
            );
            return version::stamped(response).into_proxy(request_id, true);
        };
        let resource = Resource::at(request.path());
        let answer = catch_async(self.answer(&request, resource));
        let result = match timeout(time_left, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panicked)) => {
                let what = "Something failed on our side.";
                Err(Problem::internal(what, request_id).into())
            }
            Err(_elapsed) => Err(out_of_time()),
        };
        let response = match result {
            Ok(response) if response.status() == 200 && request.method() != Method::POST => {
                response.revalidated(&request.header(IF_NONE_MATCH.as_str()))
            }
            Ok(response) => response,
            Err(error) => Response::error(error, request_id),
        };
        if request.method() == Method::POST && matches!(resource, Resource::Orders | Resource::Batch) {
            count_answer(response.status());
        }
        let response =
            response.with_headers(self.settings.allowed_origins.headers(&request, EXPOSED_HEADERS));
        // Its bytes are paid for with each order. Lambda's metric `Duration` has the duration.
        tracing::info!(
            request_id,
            extended_request_id,
            method = request.method().as_str(),
            route = resource.name(),
            status = response.status(),
            order_id = response.subject(),
            "answered"
        );
        version::stamped(response).into_proxy(request_id, request.method() != Method::HEAD)
    }

    async fn answer(&self, request: &Request, resource: Resource<'_>) -> Result<Response, ErrorResponse> {
        if !version::is_served(request) {
            let detail = format!(
                "API-Version: must be {}, and be sent once, or be left out",
                version::CURRENT
            );
            return Err(ErrorResponse::new(ProblemKind::UnsupportedVersion, detail));
        }
        if resource == Resource::Unknown {
            return Err(ErrorResponse::new(
                ProblemKind::NotFound,
                "orders are at /orders, /orders/batch, /orders/{id} and /orders/{id}/cancel; /openapi.json describes the API",
            ));
        }
        let allow = resource.allow();
        if !resource.allows(request.method()) {
            let detail = format!("{} supports the methods {allow}", resource.name());
            return Err(ErrorResponse::new(ProblemKind::MethodNotAllowed, detail).with_header(ALLOW, allow));
        }
        if request.method() == Method::OPTIONS {
            let preflight = self
                .settings
                .allowed_origins
                .preflight(request, allow, ALLOWED_HEADERS);
            return Ok(Response::options(allow).with_headers(preflight));
        }
        match resource {
            // Boxed, because each of the two futures is large.
            Resource::Orders if request.method() == Method::POST => Box::pin(self.place(request)).await,
            Resource::Orders => self.list(request).await,
            Resource::Batch => Box::pin(self.place_batch(request)).await,
            Resource::Order(id) => self.read(request, id).await,
            Resource::Cancel(id) => Box::pin(self.cancel(request, id)).await,
            Resource::OpenApi => Ok(Response::written(200, openapi::DOCUMENT)),
            Resource::Index | Resource::Unknown => index(request),
        }
    }
}

/// Counts the answer to an order. An answer to a batch (207) is none: its entries are counted.
fn count_answer(status: u16) {
    match status {
        202 => metrics::count(Count::OrdersAccepted, 1),
        400.. => metrics::count_by_reason(Count::OrdersRejected, &status.to_string(), 1),
        _ => {}
    }
}

/// The function's time is nearly over. Without an answer now API Gateway would answer with a 504.
fn out_of_time() -> ErrorResponse {
    let detail = "there was no answer in time; an order may or may not be accepted, and can safely be sent again under its \
                  idempotency key";
    ErrorResponse::new(ProblemKind::Unavailable, detail).with_header(RETRY_AFTER, "1")
}

/// Links to everything in the API, for a person or a program without documentation.
fn index(request: &Request) -> Result<Response, ErrorResponse> {
    let base = request.public_path();
    let links = json!({
        "place": {"method": "POST", "href": format!("{base}/orders")},
        "place_many": {"method": "POST", "href": format!("{base}/orders/batch")},
        "list": {"method": "GET", "href": format!("{base}/orders{{?customer_id,accepted_from,accepted_to,status,reference,sort,limit,cursor}}")},
        "get": {"method": "GET", "href": format!("{base}/orders/{{id}}")},
        "cancel": {"method": "POST", "href": format!("{base}/orders/{{id}}/cancel")},
        "openapi": {"method": "GET", "href": format!("{base}/openapi.json")},
    });
    Response::json(200, &json!({"name": "orders", "links": links}))
}
