//! The headers of a proxy event.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::header;
use uuid::Uuid;

use crate::multiple::{Multiple, last_values};
use crate::trace_id;

/// Headers that never reach a function.
///
/// Source: recorded by LocalStack's suite on AWS ("header remapping").
const DROPPED: [&str; 12] = [
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

const FORWARDED_FOR: &str = "X-Forwarded-For";
const FORWARDED_PORT: &str = "X-Forwarded-Port";
const FORWARDED_PROTO: &str = "X-Forwarded-Proto";
const TRACE_ID: &str = "X-Amzn-Trace-Id";

/// The way on which a request arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// The address of the client.
    pub(crate) client: IpAddr,
    /// The port of this listener.
    pub(crate) port: u16,
    /// The id of the request.
    pub(crate) request_id: Uuid,
}

/// Header names as the client spelled them, each with its values in the order of their arrival.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EventHeaders(Multiple);

impl EventHeaders {
    /// Reads the headers that a client sent, and adds those of the gateway.
    ///
    /// The names keep their case, except `Authorization` and `User-Agent` (recorded). A name in two spellings has the first one.
    pub(crate) fn new(sent: Vec<(String, String)>, arrival: Arrival) -> Self {
        let mut headers = Self::default();
        for (name, value) in sent {
            if DROPPED.iter().any(|dropped| name.eq_ignore_ascii_case(dropped)) {
                continue;
            }
            let capitalized = ["Authorization", "User-Agent"];
            let capitalized = capitalized
                .into_iter()
                .find(|known| name.eq_ignore_ascii_case(known));
            headers.append(capitalized.unwrap_or(&name), value);
        }
        let mut forwarded_for = headers.take(FORWARDED_FOR);
        forwarded_for.push(arrival.client.to_string());
        headers.set(FORWARDED_FOR, forwarded_for.join(", "));
        headers.set(FORWARDED_PORT, arrival.port.to_string());
        headers.set(FORWARDED_PROTO, "http".to_owned());
        let trace = headers.take(TRACE_ID).pop();
        headers.set(
            TRACE_ID,
            trace_id::continued(trace.as_deref(), arrival.request_id),
        );
        headers
    }

    /// The last value of each header.
    pub(crate) fn last_values(&self) -> BTreeMap<&str, &str> {
        last_values(&self.0)
    }

    /// All values of each header.
    pub(crate) fn all_values(&self) -> &Multiple {
        &self.0
    }

    /// The last value of a header, whose name is given in any case.
    pub(crate) fn last(&self, name: &header::HeaderName) -> Option<&str> {
        self.values(name.as_str())?.last().map(String::as_str)
    }

    /// The first value of a header, whose name is given in any case.
    pub(crate) fn first(&self, name: &header::HeaderName) -> Option<&str> {
        self.values(name.as_str())?.first().map(String::as_str)
    }

    /// The trace of the request.
    pub(crate) fn trace_id(&self) -> &str {
        self.values(TRACE_ID)
            .and_then(|values| values.last())
            .map_or("", String::as_str)
    }

    fn values(&self, name: &str) -> Option<&Vec<String>> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, values)| values)
    }

    fn append(&mut self, name: &str, value: String) {
        let known = self
            .0
            .keys()
            .find(|known| known.eq_ignore_ascii_case(name))
            .cloned();
        let name = known.unwrap_or_else(|| name.to_owned());
        self.0.entry(name).or_default().push(value);
    }

    fn take(&mut self, name: &str) -> Vec<String> {
        let known = self
            .0
            .keys()
            .find(|known| known.eq_ignore_ascii_case(name))
            .cloned();
        known.and_then(|known| self.0.remove(&known)).unwrap_or_default()
    }

    fn set(&mut self, name: &str, value: String) {
        self.take(name);
        self.0.insert(name.to_owned(), vec![value]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(sent: &[(&str, &str)]) -> EventHeaders {
        let sent = sent
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let arrival = Arrival {
            client: [127, 0, 0, 1].into(),
            port: 8080,
            request_id: Uuid::nil(),
        };
        EventHeaders::new(sent, arrival)
    }

    /// As recorded on AWS, but for the headers of `CloudFront` and HTTPS.
    #[test]
    fn names_keep_their_case_and_the_gateway_adds_its_own() {
        let headers = headers(&[
            ("Host", "localhost:8080"),
            ("tEsT-HEADeR", "aValUE"),
            ("authorization", "random-value"),
            ("user-Agent", "test/integration"),
            ("Content-Length", "5"),
            ("connection", "keep-alive"),
        ]);
        let trace = headers.trace_id().to_owned();
        assert_eq!(
            headers.last_values(),
            BTreeMap::from([
                ("Authorization", "random-value"),
                ("Host", "localhost:8080"),
                ("User-Agent", "test/integration"),
                ("X-Amzn-Trace-Id", trace.as_str()),
                ("X-Forwarded-For", "127.0.0.1"),
                ("X-Forwarded-Port", "8080"),
                ("X-Forwarded-Proto", "http"),
                ("tEsT-HEADeR", "aValUE"),
            ])
        );
    }

    #[test]
    fn a_proxy_in_front_is_continued() {
        let headers = headers(&[
            ("x-forwarded-for", "10.0.0.7"),
            ("x-forwarded-proto", "https"),
            (
                "x-amzn-trace-id",
                "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
            ),
        ]);
        let expected = [
            ("X-Forwarded-For", "10.0.0.7, 127.0.0.1"),
            ("X-Forwarded-Proto", "http"),
            (
                "X-Amzn-Trace-Id",
                "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
            ),
        ];
        for (name, value) in expected {
            assert_eq!(headers.last_values()[name], value);
            assert_eq!(headers.all_values()[name], [value]);
        }
    }

    #[test]
    fn every_value_is_kept_and_the_last_one_stands_alone() {
        let headers = headers(&[("X-Two", "1"), ("x-two", "2")]);
        assert_eq!(headers.all_values()["X-Two"], ["1", "2"]);
        assert_eq!(headers.last_values()["X-Two"], "2");
        assert_eq!(headers.last(&header::HeaderName::from_static("x-two")), Some("2"));
    }
}
