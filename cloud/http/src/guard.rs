//! Keeps web pages away from the ports of this machine.
//!
//! A page that a visitor opens runs in a browser on this machine, so it can reach every loopback port. Three headers, which a
//! page cannot choose, show it:
//!
//! - `Host` is the name by which the page reached the port. A domain that resolves to 127.0.0.1 (DNS rebinding) stands in it.
//! - `Origin` is where the page comes from. Browsers send it with every request that is not a plain read.
//! - `Sec-Fetch-Site` says whether the page comes from another site, also for plain reads: images, scripts, navigations.
//!
//! Programs send none of the last two. Sources: the Fetch standard, "`Origin` header"; W3C, "Fetch Metadata Request Headers".

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderMap, HeaderName, header};

use crate::origins::Origins;

const FOREIGN_HOST: &str = "This port serves this machine only. Send the request to 127.0.0.1 or localhost, without another \
                            name in the Host header.";
const FOREIGN_ORIGIN: &str = "Web pages of this origin may not call this port. For the REST API, allow the origin with: up \
                              --parameter AllowedOrigins=ORIGIN. For S3, name it in the CORS rules of the bucket.";
const FOREIGN_SITE: &str = "Web pages of another site may not use this port. Open the address in a tab of its own, or use \
                            curl. For scripts of a page that calls the REST API: up --parameter AllowedOrigins=ORIGIN";

/// Returns why a request is refused, in a sentence that says what to do. `None` lets it through.
///
/// A request of an allowed origin passes whatever its `Sec-Fetch-Site` is, because a browser sends both with a call that CORS
/// governs. A request without `Origin` that comes from another site is no such call, so nobody allowed it.
#[must_use]
pub fn refusal(parts: &Parts, origins: &Origins) -> Option<&'static str> {
    let hosts = texts(&parts.headers, header::HOST);
    let target = parts.uri.authority().map(http::uri::Authority::as_str);
    if !hosts.iter().copied().chain(target).all(is_loopback) {
        return Some(FOREIGN_HOST);
    }
    let callers = texts(&parts.headers, header::ORIGIN);
    let is_own = |origin: &str| {
        origin
            .strip_prefix("http://")
            .is_some_and(|authority| hosts.contains(&authority))
    };
    if !callers
        .iter()
        .all(|origin| is_own(origin) || origins.allow(parts, origin))
    {
        return Some(FOREIGN_ORIGIN);
    }
    let is_allowed_call = !callers.is_empty();
    let sites = texts(&parts.headers, HeaderName::from_static("sec-fetch-site"));
    if !is_allowed_call && !sites.iter().all(|site| matches!(*site, "same-origin" | "none")) {
        return Some(FOREIGN_SITE);
    }
    None
}

/// The values of a header. A value that is no text stands for itself as `?`, which nothing allows.
fn texts(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let values = headers.get_all(name).into_iter();
    values.map(|value| value.to_str().unwrap_or("?")).collect()
}

/// Whether a host, perhaps with a port, is a loopback address or `localhost`.
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
    use super::*;

    fn refused(headers: &[(&str, &str)], origins: &str) -> Option<&'static str> {
        let mut request = http::Request::builder().uri("/orders");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        refusal(&parts, &Origins::parse(origins))
    }

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
            assert_eq!(refused(&[("host", good)], ""), None, "{good}");
        }
        for bad in [
            "example.com",
            "127.0.0.1.example.com",
            "localhost.example.com:4566",
            "10.0.0.1",
            "?",
            "",
        ] {
            assert_eq!(refused(&[("host", bad)], ""), Some(FOREIGN_HOST), "{bad}");
        }
        let two = [("host", "127.0.0.1"), ("host", "evil.example")];
        assert_eq!(refused(&two, ""), Some(FOREIGN_HOST));
        assert_eq!(refused(&[], ""), None);
    }

    #[test]
    fn a_proxys_request_line_counts_as_a_host() {
        let request = http::Request::builder().uri("http://evil.example/orders");
        let (parts, ()) = request.header("host", "127.0.0.1").body(()).unwrap().into_parts();
        assert_eq!(refusal(&parts, &Origins::None), Some(FOREIGN_HOST));
    }

    #[test]
    fn only_pages_of_allowed_origins_call() {
        let call = |origin, origins| refused(&[("host", "127.0.0.1:8080"), ("origin", origin)], origins);
        let shop = "https://shop.example.com";
        for allowed in ["http://localhost:3000, https://shop.example.com", "*"] {
            assert_eq!(call(shop, allowed), None);
        }
        for (origin, allowed) in [
            (shop, ""),
            ("null", ""),
            ("https://evil.example.com", shop),
            ("https://shop.example.com.evil.example", shop),
            ("http://shop.example.com", shop),
        ] {
            assert_eq!(call(origin, allowed), Some(FOREIGN_ORIGIN), "{origin}");
        }
        assert_eq!(call("http://127.0.0.1:8080", ""), None);
        assert_eq!(call("http://127.0.0.1:9000", ""), Some(FOREIGN_ORIGIN));
    }

    #[test]
    fn other_sites_reach_nothing_except_by_an_allowed_call() {
        for (site, expected) in [
            ("none", None),
            ("same-origin", None),
            ("same-site", Some(FOREIGN_SITE)),
            ("cross-site", Some(FOREIGN_SITE)),
        ] {
            assert_eq!(refused(&[("sec-fetch-site", site)], "*"), expected, "{site}");
        }
        let call = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://shop.example.com"),
        ];
        assert_eq!(refused(&call, "https://shop.example.com"), None);
        assert_eq!(refused(&call, ""), Some(FOREIGN_ORIGIN));
    }
}
