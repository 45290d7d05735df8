//! The AWS endpoint: one loopback port for all services. The headers and the form of a request tell which
//! service it is for.
//!
//! A request to S3 goes to `cloud-s3` as it is, because its body can be larger than the memory. Every other AWS call becomes a
//! `Call` and passes `perform::perform`, the one place that knows who asks for what before anything has happened. Signatures are not checked: whoever reaches a loopback port of this machine could
//! read its state from the disk. The access key in the `Authorization` header says who asks.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use cloud_http::{Listener, Origins, serve};
use cloud_sqs::query_protocol;
use cloud_wire::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::backend::Backend;
use crate::control;
use crate::fault_injection::into_body;
use crate::perform::perform;
use crate::route::route;
use crate::signing_certificate;

/// Maximum size of a request body in bytes. DynamoDB accepts 16 MB, the others less.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// How long open connections may take to finish at a stop.
const GRACE: Duration = Duration::from_millis(700);

/// A running endpoint.
#[derive(Debug)]
pub struct AwsEndpoint {
    address: SocketAddr,
    backend: Backend,
    router: Router,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl AwsEndpoint {
    /// Serves on `listener` until [`AwsEndpoint::stop`].
    #[must_use]
    pub fn start(listener: Listener, backend: Backend) -> Self {
        let address = listener.address();
        let (stop, stopping) = oneshot::channel::<()>();
        // Dropping the sender stops the server as well.
        let stopped = async { drop(stopping.await) };
        let s3 = backend.s3.clone();
        let pages = Origins::asking(move |parts| {
            cloud_s3::is_for_s3(&parts.headers, &parts.uri) && s3.allows_page(parts)
        });
        let router = router(backend.clone());
        let serving = serve(listener, router.clone(), pages, stopped);
        Self {
            address,
            backend,
            router,
            stop,
            serving,
        }
    }

    /// The address that the endpoint listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the routes, for callers in this program that need no connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Accepts no new connections, lets long polls answer and running calls finish, in less than a second.
    /// The services stay open; their owner closes them.
    pub async fn stop(self) {
        self.backend.stop_waiting();
        let _already_stopped = self.stop.send(());
        let abort = self.serving.abort_handle();
        if tokio::time::timeout(GRACE, self.serving).await.is_err() {
            tracing::warn!("closing connections to the AWS endpoint that are still busy");
            abort.abort();
        }
    }
}

fn router(backend: Backend) -> Router {
    Router::new()
        .merge(control::router(&backend))
        .fallback(aws)
        .layer(from_fn_with_state(backend.clone(), websites))
        .with_state(backend)
}

/// Keeps the hosts of websites away from everything but their buckets: a page there has the host's origin, and the guard lets it call
/// its own host.
async fn websites(State(backend): State<Backend>, request: Request, next: Next) -> Response<Body> {
    if cloud_s3::is_for_website(request.headers(), request.uri()) {
        return backend.s3.call(request).await;
    }
    next.run(request).await
}

/// Handles an AWS request.
async fn aws(State(backend): State<Backend>, request: Request) -> Response<Body> {
    if let Some(certificate) =
        signing_certificate::answer(&backend, request.method(), request.uri().path()).await
    {
        return into_body(certificate).into_response();
    }
    let request_id = Uuid::new_v4().to_string();
    let id = HeaderValue::try_from(&request_id).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
    if cloud_s3::is_for_s3(request.headers(), request.uri()) {
        let mut response = backend.s3.call(request).await;
        response.headers_mut().insert("x-amz-request-id", id);
        return response;
    }
    let mut response = match read(request).await {
        Ok((parts, body)) => match route(&backend.access_keys, &parts, body, request_id.clone()) {
            Ok(call) if call.queue_query => {
                let (action, format) = (
                    call.operation.clone(),
                    query_protocol::Format::of(call.headers.get(header::ACCEPT)),
                );
                let answer = perform(&backend, call).await;
                query_protocol::from_json(&action, answer, &request_id, format)
            }
            Ok(call) => perform(&backend, call).await,
            Err(response) => *response,
        },
        Err(response) => response,
    };
    response.headers_mut().entry("x-amzn-requestid").or_insert(id);
    into_body(response).into_response()
}

/// Reads the whole request. A link that a person opens has its form in the query instead of the body.
pub(super) async fn read(request: Request) -> Result<(axum::http::request::Parts, Bytes), Response<Bytes>> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET {
        let query = parts.uri.query().unwrap_or_default().to_owned();
        return Ok((parts, Bytes::from(query)));
    }
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        json::error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "com.amazon.coral.service#RequestEntityTooLargeException",
            "The request's body is larger than 16 MiB or was cut off.",
        )
    })?;
    Ok((parts, body))
}
