//! The listener of the REST API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Response, header};
use bytes::Bytes;
use cloud_http::{Listener, Origins, serve};
use cloud_lambda::{Function, InvokeError};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::gateway_error::GatewayError;
use crate::proxy_event::{self, ApiContext};
use crate::proxy_response;
use crate::routes::Routes;

/// API Gateway's limit for a request body, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// How long API Gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// A running REST API. Dropping it closes its listener.
#[derive(Debug)]
pub struct RestApi {
    server: JoinHandle<std::io::Result<()>>,
}

#[derive(Debug)]
struct Api {
    context: ApiContext,
    routes: Routes,
    /// Functions by name.
    functions: BTreeMap<String, Function>,
    integration_timeout: Duration,
}

impl RestApi {
    /// Serves the routes on a listener, to programs and to web pages of `origins`.
    #[must_use]
    pub fn start(
        listener: Listener,
        origins: Origins,
        context: ApiContext,
        routes: Routes,
        functions: BTreeMap<String, Function>,
    ) -> Self {
        Self::serve(
            listener,
            origins,
            Api {
                context,
                routes,
                functions,
                integration_timeout: INTEGRATION_TIMEOUT,
            },
        )
    }

    fn serve(listener: Listener, origins: Origins, api: Api) -> Self {
        let router = Router::new().fallback(handle).with_state(Arc::new(api));
        let server = serve(listener, router, origins, std::future::pending());
        Self { server }
    }

    /// Stops accepting connections.
    pub fn stop(&self) {
        self.server.abort();
    }
}

impl Drop for RestApi {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn handle(
    State(api): State<Arc<Api>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let request_id = Uuid::new_v4();
    let mut response = match api.answer(request, peer, request_id).await {
        Ok(response) => response,
        Err(error) => error.response(),
    };
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

impl Api {
    async fn answer(
        &self,
        request: Request,
        peer: SocketAddr,
        request_id: Uuid,
    ) -> Result<Response<Body>, GatewayError> {
        let (parts, body) = request.into_parts();
        let found = self
            .routes
            .find(parts.method.as_str(), parts.uri.path())
            .ok_or(GatewayError::MissingAuthenticationToken)?;
        let function = self
            .functions
            .get(found.function)
            .ok_or(GatewayError::InternalServerError)?;
        let body = read(&parts.headers, body).await?;
        let event = proxy_event::encode(&self.context, &parts, &body, &found, peer, request_id)
            .map_err(|_| GatewayError::InternalServerError)?;
        let invocation = tokio::time::timeout(self.integration_timeout, function.invoke(event.into()));
        let answer = match invocation.await {
            Err(_) => return Err(GatewayError::IntegrationTimeout),
            Ok(Err(InvokeError::PayloadTooLarge(_))) => return Err(GatewayError::RequestTooLarge),
            Ok(Err(error @ InvokeError::Throttled)) => {
                tracing::warn!(%request_id, function = found.function, %error, "a request was refused");
                return Err(GatewayError::InvocationRefused);
            }
            Ok(Err(error)) => {
                tracing::warn!(%request_id, function = found.function, %error, "the function of a request failed");
                return Err(GatewayError::InternalServerError);
            }
            Ok(Ok(answer)) => answer,
        };
        proxy_response::decode(&answer).map_err(|error| {
            tracing::warn!(%request_id, function = found.function, %error, "a function's answer is not a proxy response");
            GatewayError::InternalServerError
        })
    }
}

/// Reads a body up to the limit. If `Content-Length` is above the limit, the body is not read.
async fn read(headers: &axum::http::HeaderMap, body: Body) -> Result<Bytes, GatewayError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        return Err(GatewayError::RequestTooLarge);
    }
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        // The reader itself returns only one error: the limit was exceeded.
        let is_limit = std::error::Error::source(&error)
            .is_some_and(|source| source.to_string().contains("length limit exceeded"));
        if is_limit {
            GatewayError::RequestTooLarge
        } else {
            GatewayError::BadRequest
        }
    })
}

#[cfg(test)]
mod tests;
