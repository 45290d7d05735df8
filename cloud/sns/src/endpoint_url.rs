//! The URLs of HTTP endpoints.

/// Whether an endpoint is a URL of this protocol on this machine. The local AWS sends nothing to other machines.
pub(super) fn is_local_url(protocol: &str, endpoint: &str) -> bool {
    // The client that sends the request reads the URL in the same way.
    let Ok(url) = reqwest::Url::parse(endpoint) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    url.scheme() == protocol && is_loopback
}

#[cfg(test)]
mod tests {
    use super::is_local_url;

    #[test]
    fn only_urls_of_this_machine_are_endpoints() {
        for (protocol, endpoint) in [
            ("http", "http://127.0.0.1:8080/hook?a=1"),
            ("http", "http://localhost/"),
            ("http", "http://[::1]:80/"),
            ("https", "https://127.0.0.2:8443/"),
        ] {
            assert!(is_local_url(protocol, endpoint), "{endpoint}");
        }
        for (protocol, endpoint) in [
            ("http", "https://127.0.0.1/"),
            ("http", "http://example.com/"),
            ("http", "http://127.0.0.1.example.com/"),
            ("http", "http://10.0.0.1/"),
            ("http", "http://user@example.com@127.0.0.1:80x/"),
            ("http", "no url"),
        ] {
            assert!(!is_local_url(protocol, endpoint), "{endpoint}");
        }
    }
}
