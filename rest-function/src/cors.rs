//! Which web pages may call the API from a browser (CORS, the Fetch standard: <https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! Browsers send no cookie or other credential of the API by themselves, so that an allowed origin has no access by itself:
//! each request carries the credentials that the page holds.

use std::str::FromStr;

use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, ORIGIN, VARY,
};

use crate::request::Request;

/// How long a browser may cache the answer to a preflight, in seconds: two hours, Chromium's maximum.
const MAX_AGE: &str = "7200";

/// The origins of web pages that may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Every origin.
    Any,
    /// These, as browsers send them. An empty list allows no page.
    These(Vec<String>),
}

/// The text is not a list of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be empty, * or origins such as https://shop.example.com, separated by commas")]
pub struct AllowedOriginsError;

impl FromStr for AllowedOrigins {
    type Err = AllowedOriginsError;

    /// Reads a list of origins, separated by commas, or `*`.
    fn from_str(text: &str) -> Result<Self, AllowedOriginsError> {
        match text.trim() {
            "" => Ok(Self::These(Vec::new())),
            "*" => Ok(Self::Any),
            list => list
                .split(',')
                .map(|origin| parse_origin(origin.trim()))
                .collect::<Result<_, _>>()
                .map(Self::These),
        }
    }
}

/// An origin is a scheme, a host and an optional port. Browsers send it in lowercase, without a default port or a trailing slash,
/// and it is compared as a whole. A text that no browser sends is refused: it would silently allow nobody.
fn parse_origin(text: &str) -> Result<String, AllowedOriginsError> {
    let (scheme, authority) = text.split_once("://").ok_or(AllowedOriginsError)?;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let is_default = matches!((scheme, port), ("http", "80") | ("https", "443"));
    let port_is_good =
        port.bytes().all(|byte| byte.is_ascii_digit()) && !authority.ends_with(':') && !is_default;
    let host_is_good = !host.is_empty()
        && host
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    if matches!(scheme, "http" | "https") && host_is_good && port_is_good {
        Ok(text.to_owned())
    } else {
        Err(AllowedOriginsError)
    }
}

impl AllowedOrigins {
    /// The headers of every answer to the request, errors included. `exposed` lists the headers that a page's script may read in
    /// addition to those that every script may.
    #[must_use]
    pub fn headers(&self, request: &Request, exposed: &str) -> Vec<(HeaderName, String)> {
        let mut headers = Vec::new();
        if *self != Self::Any && *self != Self::These(Vec::new()) {
            // The answer depends on the origin, also if the request has none or another one: a cache must keep them apart.
            headers.push((VARY, ORIGIN.to_string()));
        }
        if let Some(origin) = self.allowed(request) {
            headers.push((ACCESS_CONTROL_ALLOW_ORIGIN, origin));
            headers.push((ACCESS_CONTROL_EXPOSE_HEADERS, exposed.to_owned()));
        }
        headers
    }

    /// Further headers of the answer to a preflight. `methods` are those of the resource, `allowed` lists the headers that a page's
    /// script may send.
    #[must_use]
    pub fn preflight(&self, request: &Request, methods: &str, allowed: &str) -> Vec<(HeaderName, String)> {
        let is_preflight = !request.header("access-control-request-method").is_empty();
        if !is_preflight || self.allowed(request).is_none() {
            return Vec::new();
        }
        vec![
            (ACCESS_CONTROL_ALLOW_METHODS, methods.to_owned()),
            (ACCESS_CONTROL_ALLOW_HEADERS, allowed.to_owned()),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE.to_owned()),
        ]
    }

    /// The value that lets the request's page read the answer.
    fn allowed(&self, request: &Request) -> Option<String> {
        match self {
            Self::Any => Some("*".to_owned()),
            Self::These(origins) => {
                let sent = request.header("origin");
                let [sent] = sent.as_slice() else { return None };
                origins.iter().find(|origin| is_same(origin, sent)).cloned()
            }
        }
    }
}

fn is_same(origin: &str, sent: &HeaderValue) -> bool {
    origin.as_bytes() == sent.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read() {
        let these = |origins: &[&str]| {
            AllowedOrigins::These(origins.iter().map(|&origin| origin.to_owned()).collect())
        };
        for (text, origins) in [
            ("", these(&[])),
            ("*", AllowedOrigins::Any),
            ("https://shop.example.com", these(&["https://shop.example.com"])),
            (
                "https://a.example, http://localhost:3000",
                these(&["https://a.example", "http://localhost:3000"]),
            ),
        ] {
            assert_eq!(text.parse(), Ok(origins), "{text}");
        }
    }

    #[test]
    fn a_text_that_no_browser_sends_is_refused() {
        for text in [
            "shop.example.com",
            "https://",
            "https://shop.example.com/",
            "https://Shop.example.com",
            "https://shop.example.com:443",
            "http://shop.example.com:",
            "https://*.example.com",
            "ftp://shop.example.com",
            "null",
            "*,https://a.example",
            "https://a.example,",
        ] {
            assert_eq!(text.parse::<AllowedOrigins>(), Err(AllowedOriginsError), "{text}");
        }
    }
}
