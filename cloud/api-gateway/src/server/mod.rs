//! The listener of the REST API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Response, header};
use bytes::{Bytes, BytesMut};
use cloud_billing::api_gateway as billing;
use cloud_http::{Listener, Origins, serve, spelled_headers};
use cloud_lambda::{Function, InvokeError};
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::api_key::ApiKeys;
use crate::binary_media_types::BinaryMediaTypes;
use crate::event_headers::{Arrival, EventHeaders};
use crate::gateway_error::GatewayError;
use crate::gateway_response::GatewayResponses;
use crate::metrics::ApiMetrics;
use crate::proxy_event::{self, ApiContext, Received};
use crate::proxy_response;
use crate::routes::{Integration, Routes};
use crate::throttle::Throttles;

/// API Gateway's limit for a request body, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// How much of a body is read in all, in bytes.
const MAX_DROPPED_BYTES: usize = 256 * 1024 * 1024;
/// How long API Gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// A running REST API. Dropping it closes its listener.
#[derive(Debug)]
pub struct RestApi {
    server: JoinHandle<std::io::Result<()>>,
}

/// The settings of a REST API.
#[derive(Debug)]
pub struct RestApiSettings {
    /// The fields that all events share.
    pub context: ApiContext,
    /// The methods and paths.
    pub routes: Routes,
    /// The functions by name.
    pub functions: BTreeMap<String, Function>,
    /// The web pages that may call.
    pub origins: Origins,
    /// The media types of bodies that are binary data.
    pub binary_media_types: BinaryMediaTypes,
    /// Routes of this machine that no function answers. They come first.
    pub pages: Router,
    /// Counts the requests.
    pub metrics: ApiMetrics,
    /// The answers of the gateway itself.
    pub gateway_responses: GatewayResponses,
    /// The limits of methods.
    pub throttles: Throttles,
    /// The API keys.
    pub api_keys: ApiKeys,
}

#[derive(Debug)]
struct Api {
    settings: RestApiSettings,
    /// The port of the listener.
    port: u16,
    integration_timeout: Duration,
}

impl RestApi {
    /// Serves an API on a listener.
    #[must_use]
    pub fn start(listener: Listener, settings: RestApiSettings) -> Self {
        Self::start_with(listener, settings, INTEGRATION_TIMEOUT)
    }

    fn start_with(listener: Listener, settings: RestApiSettings, integration_timeout: Duration) -> Self {
        let (origins, pages) = (settings.origins.clone(), settings.pages.clone());
        let api = Api {
            settings,
            port: listener.address().port(),
            integration_timeout,
        };
        let router = Router::new()
            .fallback(handle)
            .with_state(Arc::new(api))
            .merge(pages);
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
    let started = Instant::now();
    let arrival = Arrival {
        client: peer.ip(),
        port: api.port,
        request_id,
    };
    let mut response = match api.answer(request, arrival).await {
        Ok(response) => {
            api.settings.metrics.bill(billing::request());
            response
        }
        Err(error) => {
            let refused = api.settings.gateway_responses.answer(error, request_id);
            let units = billing::refused(refused.status().as_u16());
            api.settings.metrics.bill(units);
            refused
        }
    };
    api.settings.metrics.count(response.status(), started.elapsed());
    let ids = [
        ("x-amzn-requestid", request_id.to_string()),
        ("x-amz-apigw-id", proxy_event::extended_request_id(request_id)),
    ];
    for (name, id) in ids {
        insert(&mut response, name, &id);
    }
    response
}

/// Sets a header to a text of visible ASCII. Another text is no header's value, and sets nothing.
fn insert(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

impl Api {
    async fn answer(&self, request: Request, arrival: Arrival) -> Result<Response<Body>, GatewayError> {
        let (parts, body) = request.into_parts();
        // First, because no answer reaches a client that still sends.
        let body = read(body).await?;
        let request_id = arrival.request_id;
        let settings = &self.settings;
        let found = settings
            .routes
            .find(parts.method.as_str(), parts.uri.path())
            .ok_or(GatewayError::MissingAuthenticationToken)?;
        // The limits of a usage plan come before those of methods.
        let sent_key = parts
            .headers
            .get("x-api-key")
            .and_then(|value| value.to_str().ok());
        let api_key = found
            .requires_api_key
            .then(|| settings.api_keys.admit(sent_key))
            .transpose()?;
        if !settings
            .throttles
            .admit(found.resource, found.method, Instant::now())
        {
            return Err(GatewayError::Throttled);
        }
        let sent = spelled_headers(&parts).await.map_err(|error| {
            tracing::warn!(%request_id, %error, "the headers of a request cannot be read");
            GatewayError::BadRequest
        })?;
        let headers = EventHeaders::new(sent, arrival);
        let name = match found.integration {
            Integration::Function(name) => name,
            Integration::Mock(mock) => return mock.answer(&headers),
        };
        let function = settings
            .functions
            .get(name)
            .ok_or(GatewayError::InternalServerError)?;
        let received = Received {
            parts: &parts,
            headers: &headers,
            body: &body,
            is_binary: settings
                .binary_media_types
                .include(headers.last(&header::CONTENT_TYPE)),
            arrival,
            api_key,
        };
        let event = proxy_event::encode(&settings.context, &received, &found)
            .map_err(|_| GatewayError::InternalServerError)?;
        let answer = self.invoke(function, event, request_id).await?;
        let binary = settings
            .binary_media_types
            .include(headers.first(&header::ACCEPT));
        let mut response = proxy_response::decode(&answer, binary).map_err(|error| {
            tracing::warn!(%request_id, function = name, %error, "a function's answer is not a proxy response");
            GatewayError::InternalServerError
        })?;
        insert(&mut response, "x-amzn-trace-id", headers.trace_id());
        Ok(response)
    }

    async fn invoke(
        &self,
        function: &Function,
        event: Vec<u8>,
        request_id: Uuid,
    ) -> Result<Bytes, GatewayError> {
        let name = &function.settings().name;
        let invocation = tokio::time::timeout(self.integration_timeout, function.invoke(event.into()));
        match invocation.await {
            Err(_) => Err(GatewayError::IntegrationTimeout),
            Ok(Err(InvokeError::PayloadTooLarge(_))) => Err(GatewayError::RequestTooLarge),
            Ok(Err(error @ InvokeError::Throttled)) => {
                tracing::warn!(%request_id, function = name, %error, "a request was refused");
                Err(GatewayError::InvocationRefused)
            }
            Ok(Err(error)) => {
                tracing::warn!(%request_id, function = name, %error, "the function of a request failed");
                Err(GatewayError::InternalServerError)
            }
            Ok(Ok(answer)) => Ok(answer),
        }
    }
}

/// Reads a body up to the limit.
///
/// The rest of a longer body is read and dropped. A client that still sends would otherwise see a broken connection instead of the
/// answer.
async fn read(body: Body) -> Result<Bytes, GatewayError> {
    let (mut received, mut bytes) = (BytesMut::new(), 0_usize);
    let mut chunks = body.into_data_stream();
    while bytes <= MAX_DROPPED_BYTES
        && let Some(chunk) = chunks.next().await
    {
        let chunk = chunk.map_err(|_| GatewayError::BadRequest)?;
        bytes += chunk.len();
        if bytes <= MAX_BODY_BYTES {
            received.extend_from_slice(&chunk);
        }
    }
    if bytes <= MAX_BODY_BYTES {
        Ok(received.freeze())
    } else {
        Err(GatewayError::RequestTooLarge)
    }
}

#[cfg(test)]
mod tests;
