//! Connections to AWS that are open before the first invocation.
//!
//! The SDK opens a connection with the first call that needs one. That call then waits for a TLS handshake, which with little memory takes
//! most of a first answer: an invocation has a share of the processor by its memory, and a start has more. Users have measured that, and
//! AWS does not promise it.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::future::{LocalBoxFuture, join_all};
use http::Uri;
use http::uri::PathAndQuery;

use super::call_error;
use super::http_client::is_plain;
use crate::CallError;
use crate::call_error::code;

/// The longest wait for all connections. The first calls open what is missing.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A call that only opens a connection.
#[must_use = "it opens nothing until it is awaited"]
pub struct Connecting {
    service: &'static str,
    call: LocalBoxFuture<'static, Result<(), CallError>>,
}

impl Connecting {
    /// Any call of the service of this name, by a client with the configuration that [`open_connections`] gives.
    pub fn new<T, E: ProvideErrorMetadata>(
        service: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + 'static,
    ) -> Self {
        let call = Box::pin(async {
            match call.await {
                // Any answer says that the connection is open, also one that the SDK does not understand.
                Err(error) if error.raw_response().is_none() => Err(call_error(&error)),
                _ => Ok(()),
            }
        });
        Self { service, call }
    }
}

/// Opens connections for the clients with the configuration `sdk`, all at once, and waits until they are open. One that fails is logged: the
/// first call opens it.
///
/// `calls` gets a configuration with which a call sends `GET /ping` to its endpoint instead of itself, once, without a body, a signature and
/// credentials. So it needs no permission and costs nothing, and its connection is one of those of `sdk`.
///
/// An `http` endpoint gets none. Its connection needs no handshake, so the first call loses little.
pub async fn open_connections<const COUNT: usize>(
    sdk: &SdkConfig,
    calls: impl FnOnce(&SdkConfig) -> [Connecting; COUNT],
) {
    if !sdk.endpoint_url().is_some_and(is_plain) {
        open_within(MAX_WAIT, calls(&connect_only(sdk))).await;
    }
}

async fn open_within(max_wait: Duration, connections: impl IntoIterator<Item = Connecting>) {
    let each = connections.into_iter().map(async |Connecting { service, call }| {
        let opened = tokio::time::timeout(max_wait, call).await;
        if let Err(error) = opened.unwrap_or_else(|_| Err(CallError::new(code::TIMED_OUT))) {
            tracing::warn!(%error, "no connection to {service} is open at the start: the first call opens one");
        }
    });
    join_all(each).await;
}

fn connect_only(sdk: &SdkConfig) -> SdkConfig {
    let mut builder = sdk.to_builder().retry_config(RetryConfig::disabled());
    if let Some(client) = sdk.http_client() {
        builder.set_http_client(Some(SharedHttpClient::new(ConnectOnly(client))));
    }
    builder.build()
}

/// Opens the connections of another client, and sends none of its requests.
#[derive(Debug)]
struct ConnectOnly<T>(T);

impl HttpClient for ConnectOnly<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ConnectOnly(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for ConnectOnly<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match ping(request.uri()) {
            Ok(ping) => self.0.call(ping),
            Err(error) => HttpConnectorFuture::ready(Err(ConnectorError::user(error))),
        }
    }
}

/// A request that asks the endpoint of this URI whether it is healthy.
fn ping(uri: &str) -> Result<HttpRequest, BoxError> {
    let mut uri = uri.parse::<Uri>()?.into_parts();
    uri.path_and_query = Some(PathAndQuery::from_static("/ping"));
    Ok(HttpRequest::get(Uri::from_parts(uri)?.to_string())?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_sqs::config::Credentials;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::aws::http_client::shared_http_client;

    async fn sdk(endpoint: String) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::v2026_01_12())
            .endpoint_url(endpoint)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(shared_http_client())
            .load()
            .await
    }

    fn connect(sdk: &SdkConfig) -> Connecting {
        let client = aws_sdk_sqs::Client::new(&connect_only(sdk));
        let call = client.send_message().queue_url("q").message_body("body");
        Connecting::new("SQS", call.send())
    }

    /// The outcome where the endpoint answers with this status, and the requests that it saw. Without a status it ends each connection
    /// after the request.
    async fn outcome(status: Option<&str>) -> (Result<(), CallError>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sdk = sdk(format!("http://{}", listener.local_addr().unwrap())).await;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let answer = status.map(|status| format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}"));
        // Ends with the test's runtime.
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                seen.lock().unwrap().push(String::from_utf8(request).unwrap());
                if let Some(answer) = &answer {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let outcome = connect(&sdk).call.await;
        let requests = requests.lock().unwrap().clone();
        (outcome, requests)
    }

    #[tokio::test]
    async fn a_call_that_only_connects_sends_nothing_of_itself() {
        let (outcome, requests) = outcome(Some("200 OK")).await;
        assert_eq!(outcome, Ok(()));
        let [request] = &requests[..] else {
            panic!("{requests:?}")
        };
        let mut lines = request.lines();
        assert_eq!(lines.next(), Some("GET /ping HTTP/1.1"));
        assert!(
            lines.all(|line| line.is_empty() || line.starts_with("host: 127.0.0.1:")),
            "{request}"
        );
    }

    #[tokio::test]
    async fn any_answer_says_that_the_connection_is_open() {
        for status in [
            "302 Found",
            "403 Forbidden",
            "404 Not Found",
            "503 Service Unavailable",
        ] {
            let (outcome, requests) = outcome(Some(status)).await;
            assert_eq!((outcome, requests.len()), (Ok(()), 1), "{status}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_not_tried_again() {
        let (outcome, requests) = outcome(None).await;
        assert_eq!(outcome, Err(CallError::new(code::CONNECTION)));
        assert_eq!(requests.len(), 1);
    }

    fn connection(call: impl Future<Output = Result<(), CallError>> + 'static) -> Connecting {
        Connecting {
            service: "SQS",
            call: Box::pin(call),
        }
    }

    #[tokio::test]
    async fn a_start_goes_on_without_a_connection() {
        let fails = connection(async { Err(CallError::new(code::CONNECTION)) });
        let hangs = connection(std::future::pending());
        open_within(Duration::from_millis(1), [fails, hangs]).await;
    }

    #[tokio::test]
    async fn an_endpoint_without_tls_gets_no_connection_before_a_call() {
        for (endpoint, is_opened) in [
            ("http://127.0.0.1:4566", false),
            ("https://sqs.us-east-1.amazonaws.com", true),
        ] {
            let opened = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&opened);
            let call = async move {
                seen.store(true, Ordering::Relaxed);
                Ok(())
            };
            open_connections(&sdk(endpoint.to_owned()).await, |_| [connection(call)]).await;
            assert_eq!(opened.load(Ordering::Relaxed), is_opened, "{endpoint}");
        }
    }
}
