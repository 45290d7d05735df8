//! Serves a router behind the guard.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tower_service::Service;

use crate::guard::refusal;
use crate::listener::Listener;
use crate::origins::Origins;

/// The wait after an error that is not about one connection, such as too many open files.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

/// Serves `router` on `listener` behind the guard, until `stop` is ready. Then connections that are open may finish.
///
/// The router's handlers can take `ConnectInfo<SocketAddr>`, and ask [`spelled_headers`](crate::spelled_headers) for the names
/// of the headers as the client spelled them.
pub fn serve(
    listener: Listener,
    router: Router,
    origins: Origins,
    stop: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<io::Result<()>> {
    let router = router.layer(from_fn_with_state(Arc::new(origins), guard));
    tokio::spawn(accept(listener, router, stop))
}

/// axum's own server cannot keep the spelling of header names, so this is hyper's.
async fn accept(listener: Listener, router: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.inner.accept() => match accepted {
                Ok((connection, peer)) => {
                    tokio::spawn(exchange(connection, peer, router.clone(), connections.watcher()));
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    connections.shutdown().await;
    Ok(())
}

/// Answers the requests of one connection until it ends, or until the server stops.
async fn exchange(connection: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    // With Nagle's algorithm, delayed acknowledgements would add 40 ms to each call.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "Nagle's algorithm could not be turned off for a connection");
    }
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let serving = http1::Builder::new()
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(connection), service);
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!(%error, "a connection ended with an error");
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// Puts a guard of its own in front of some routes: whatever origins the listener allows, these routes answer no page of
/// another origin.
pub fn refuse_foreign_pages(router: Router) -> Router {
    router.layer(from_fn_with_state(Arc::new(Origins::None), guard))
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
