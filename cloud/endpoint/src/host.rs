//! Accepts only requests that address this machine. Otherwise a web page could reach the endpoint by a domain
//! name that resolves to 127.0.0.1 (DNS rebinding).

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses requests whose `Host` is not a loopback address or `localhost`.
pub(super) async fn only_loopback(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .map(|host| host.to_str().unwrap_or("?"));
    if host.is_none_or(is_loopback) {
        return next.run(request).await;
    }
    let message = "This endpoint serves this machine only: address it as 127.0.0.1 or localhost.\n";
    (StatusCode::FORBIDDEN, message).into_response()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_this_machine_pass() {
        for good in [
            "127.0.0.1:4566",
            "localhost",
            "LOCALHOST:1",
            "sqs.localhost:4566",
            "[::1]:4566",
            "127.1.2.3",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "example.com",
            "127.0.0.1.example.com",
            "localhost.example.com:4566",
            "10.0.0.1",
            "?",
            "",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
