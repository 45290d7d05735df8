//! Serves a router behind the guard.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use http::{StatusCode, header};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::guard::refusal;
use crate::listener::Listener;
use crate::origins::Origins;

/// Serves `router` on `listener` behind the guard, until `stop` is ready. Then connections that are open may finish.
///
/// The router's handlers can take `ConnectInfo<SocketAddr>`.
pub fn serve(
    listener: Listener,
    router: Router,
    origins: Origins,
    stop: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<std::io::Result<()>> {
    let router = router.layer(from_fn_with_state(Arc::new(origins), guard));
    // With Nagle's algorithm, delayed acknowledgements would add 40 ms to each call.
    let listener = listener.inner.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "Nagle's algorithm could not be turned off for a connection");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
    tokio::spawn(serving.into_future())
}

async fn guard(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Some(message) = refusal(&parts, &origins) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        // The answer depends on the page: a cache must not give it to another one.
        (header::VARY, "origin"),
    ];
    let body = format!("{}\n", json!({ "message": message }));
    (StatusCode::FORBIDDEN, headers, body).into_response()
}
