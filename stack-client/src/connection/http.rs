//! HTTP clients, and which of them may use a proxy.
//!
//! A proxy would look for a loopback address on its own machine, and would see the bodies of orders. So no client of a
//! loopback address uses one, whatever `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use reqwest::Url;

/// The timeout of a connection attempt. A proxy or an address that drops packets ends with it.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes a client for requests to a URL.
pub(super) fn client_for(url: &str, timeout: Duration) -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT);
    let builder = if is_loopback(url) {
        builder.no_proxy()
    } else {
        builder
    };
    builder.build().context("no HTTP client")
}

/// The HTTP client of an SDK that uses no proxy.
pub(super) fn sdk_client_without_proxy() -> SharedHttpClient {
    // This builder reads no proxy from the environment, unlike the default client of the SDKs.
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https()
}

/// Whether a URL names this machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Parses a URL that a user gives, and returns it without a slash at its end.
pub(super) fn parse_url(text: &str) -> Result<String, String> {
    let is_http = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if !is_http {
        return Err(format!(
            "a URL begins with http:// or https://, such as http://{text}"
        ));
    }
    match Url::parse(text) {
        Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        Ok(_) => Err("the URL names no host".to_owned()),
        Err(error) => Err(format!("this is no URL: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_and_nothing_else() {
        for url in [
            "http://127.0.0.1:4566",
            "http://127.9.9.9/",
            "http://localhost:8080/x",
            "http://LOCALHOST",
            "http://[::1]:1",
            "http://api.localhost:1",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://127.0.0.1.example.com",
            "https://sqs.us-east-1.amazonaws.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "127.0.0.1:4566",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn a_url_without_a_scheme_gets_a_sentence() {
        assert_eq!(
            parse_url("http://127.0.0.1:8080/").unwrap(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            parse_url("127.0.0.1:8080").unwrap_err(),
            "a URL begins with http:// or https://, such as http://127.0.0.1:8080"
        );
        assert!(
            parse_url("localhost:8080")
                .unwrap_err()
                .contains("http://localhost:8080")
        );
        for url in ["http://", "http://:8080", "https://[::1", "http://a b", ""] {
            assert!(parse_url(url).is_err(), "{url}");
        }
    }
}
