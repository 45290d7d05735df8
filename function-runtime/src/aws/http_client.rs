//! The HTTP client that all SDK clients of a process share.
//!
//! Without it each SDK client has one of its own: connections of its own, and TLS settings of its own with all root certificates of the
//! machine. Each makes these settings twice, once at the start, to see that they work, and again with its first call. They are most of the
//! processor time of a function's start.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::timeout::MergeTimeoutConfig;
use aws_types::endpoint_config::EndpointUrl;

/// The variables that name a proxy for requests without TLS. The proxy itself may need TLS.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A client with the SDK's defaults: rustls with AWS-LC, the root certificates of the machine (or of `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`), and the proxies of the environment.
pub(super) fn shared_http_client() -> SharedHttpClient {
    let is_proxied = PROXIES.iter().any(|name| std::env::var_os(name).is_some());
    SharedHttpClient::new(OneForAll::new(is_proxied))
}

/// The timeouts of a connection, which are part of its connector: to connect, and to read.
type Timeouts = (Option<Duration>, Option<Duration>);

/// Keeps one pair of connectors for each setting of the timeouts.
#[derive(Debug)]
struct OneForAll {
    is_proxied: bool,
    connectors: Mutex<HashMap<Timeouts, Arc<Connectors>>>,
}

impl OneForAll {
    fn new(is_proxied: bool) -> Self {
        Self {
            is_proxied,
            connectors: Mutex::default(),
        }
    }

    fn connectors(&self, timeouts: Timeouts) -> Arc<Connectors> {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Connectors::new(timeouts, self.is_proxied));
        Arc::clone(connectors.entry(timeouts).or_insert_with(new))
    }
}

impl HttpClient for OneForAll {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let connectors = self.connectors((settings.connect_timeout(), settings.read_timeout()));
        SharedHttpConnector::new(ByScheme(connectors))
    }

    /// Is called when an SDK client is made. TLS is then set up for a client whose calls need it, as the SDK's own HTTP client does: with
    /// little memory an invocation has less of the processor than the start. Users have measured that, and AWS does not promise it.
    fn validate_base_client_config(
        &self,
        _: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let endpoint = config.load::<EndpointUrl>();
        if !endpoint.is_some_and(|EndpointUrl(url)| is_plain(url)) {
            let timeouts = config.load::<MergeTimeoutConfig>();
            self.connectors((timeouts.connect_timeout(), timeouts.read_timeout()))
                .secure();
        }
        Ok(())
    }

    /// As the SDK's own client, in the header `User-Agent`.
    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some(Cow::Borrowed("1.x"))))
    }
}

/// Whether this is the URL of an endpoint without TLS.
pub(super) fn is_plain(url: &str) -> bool {
    url.starts_with("http:")
}

/// Connectors with and without root certificates, each made when it is needed first.
#[derive(Debug)]
struct Connectors {
    timeouts: Timeouts,
    is_proxied: bool,
    secure: OnceLock<Connector>,
    plain: OnceLock<Connector>,
}

impl Connectors {
    fn new(timeouts: Timeouts, is_proxied: bool) -> Self {
        Self {
            timeouts,
            is_proxied,
            secure: OnceLock::new(),
            plain: OnceLock::new(),
        }
    }

    /// For every request.
    fn secure(&self) -> &Connector {
        self.secure.get_or_init(|| self.trusting(TrustStore::default()))
    }

    /// For requests that need no TLS. It trusts no certificate.
    fn plain(&self) -> &Connector {
        self.plain.get_or_init(|| self.trusting(TrustStore::empty()))
    }

    fn of(&self, url: &str) -> &Connector {
        if is_plain(url) && !self.is_proxied {
            self.plain()
        } else {
            self.secure()
        }
    }

    fn trusting(&self, roots: TrustStore) -> Connector {
        let (connect, read) = self.timeouts;
        let mut settings = HttpConnectorSettings::builder();
        settings.set_connect_timeout(connect).set_read_timeout(read);
        let mut builder = Connector::builder()
            .connector_settings(settings.build())
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        // It has no failure so far. By default the machine's roots are trusted.
        let context = TlsContext::builder().with_trust_store(roots).build();
        builder.set_tls_context(context.unwrap_or_default());
        builder.build()
    }
}

/// Sends a request over the connector that its URL needs.
#[derive(Debug)]
struct ByScheme(Arc<Connectors>);

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.of(request.uri()).call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use aws_smithy_types::config_bag::Layer;
    use aws_smithy_types::timeout::TimeoutConfig;

    use super::*;

    const CONNECT: Duration = Duration::from_secs(1);

    /// The connectors after an SDK client was made with an endpoint.
    fn after_start(endpoint: Option<&str>, is_proxied: bool) -> Arc<Connectors> {
        let mut layer = Layer::new("client");
        layer.store_put(TimeoutConfig::builder().connect_timeout(CONNECT).build());
        if let Some(endpoint) = endpoint {
            layer.store_put(EndpointUrl(endpoint.to_owned()));
        }
        let client = OneForAll::new(is_proxied);
        let components = RuntimeComponentsBuilder::new("test");
        client
            .validate_base_client_config(&components, &ConfigBag::of_layers(vec![layer]))
            .unwrap();
        client.connectors((Some(CONNECT), None))
    }

    #[test]
    fn tls_is_prepared_at_the_start_where_calls_need_it() {
        for endpoint in [None, Some("https://vpce-1.sqs.us-east-1.vpce.amazonaws.com")] {
            assert!(after_start(endpoint, false).secure.get().is_some());
        }
        assert!(
            after_start(Some("http://127.0.0.1:4566"), false)
                .secure
                .get()
                .is_none()
        );
    }

    #[test]
    fn only_a_request_without_tls_goes_without_root_certificates() {
        for url in ["https://127.0.0.1", "HTTPS://127.0.0.1", "HTTP://127.0.0.1", ""] {
            let connectors = after_start(None, false);
            assert!(ptr::eq(connectors.of(url), connectors.secure()), "{url}");
        }
        let connectors = after_start(None, false);
        assert!(ptr::eq(connectors.of("http://127.0.0.1"), connectors.plain()));
    }

    #[test]
    fn a_proxy_may_need_tls_for_any_request() {
        let connectors = after_start(Some("http://127.0.0.1:4566"), true);
        assert!(ptr::eq(connectors.of("http://127.0.0.1"), connectors.secure()));
    }

    #[test]
    fn other_timeouts_have_other_connectors() {
        let client = OneForAll::new(false);
        let connectors = client.connectors((Some(CONNECT), None));
        assert!(Arc::ptr_eq(
            &connectors,
            &client.connectors((Some(CONNECT), None))
        ));
        for timeouts in [(None, None), (Some(CONNECT), Some(CONNECT))] {
            assert!(!Arc::ptr_eq(&connectors, &client.connectors(timeouts)));
        }
    }
}
