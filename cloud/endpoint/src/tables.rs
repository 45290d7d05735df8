//! DynamoDB alone on a port, for another emulator that has no tables of its own.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::response::IntoResponse;
use cloud_dynamodb::DynamoDb;
use cloud_http::{Listener, Origins, serve};
use tokio::task::JoinHandle;

use crate::fault_injection::into_body;
use crate::server::read;

/// The tables on a port of their own, behind the same guard as everything else. Dropping it closes the port.
///
/// No policy is checked: the other emulator has checked its own.
#[derive(Debug)]
pub struct TablesEndpoint {
    serving: JoinHandle<std::io::Result<()>>,
}

impl TablesEndpoint {
    /// Serves the tables on `listener`.
    #[must_use]
    pub fn start(listener: Listener, dynamodb: DynamoDb) -> Self {
        let router = Router::new().fallback(call).with_state(dynamodb);
        Self {
            serving: serve(listener, router, Origins::None, std::future::pending()),
        }
    }
}

impl Drop for TablesEndpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn call(State(dynamodb): State<DynamoDb>, request: Request) -> Response<Body> {
    let response = match read(request).await {
        Ok((parts, body)) => dynamodb.call(&parts.headers, body).await,
        Err(response) => response,
    };
    into_body(response).into_response()
}
