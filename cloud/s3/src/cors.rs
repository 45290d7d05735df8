//! Cross-origin resource sharing: the rules of a bucket, the answers to preflights, and the headers of other answers.
//!
//! Sources: Amazon S3 User Guide, "Elements of a CORS configuration"; Amazon S3 API Reference, `PutBucketCors`; the WHATWG Fetch
//! standard, "CORS protocol".

use axum::body::Body;
use cloud_wire::Xml;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::error::S3Failure;

/// The methods that a rule can name.
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];
/// The most rules of a bucket.
const MAX_RULES: usize = 100;
const VARIES_BY: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
const NOT_ALLOWED: &str = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
                           request method / Access-Control-Request-Method or Access-Control-Request-Headers are not \
                           whitelisted by the resource's CORS spec.";

/// A rule of a bucket: which pages may send which requests. It is stored as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorsRule {
    /// The name of the rule.
    pub id: Option<String>,
    /// Origins of pages, each with one `*` at most.
    pub allowed_origins: Vec<String>,
    /// Methods in uppercase.
    pub allowed_methods: Vec<String>,
    /// Headers that a page may send, each with one `*` at most.
    pub allowed_headers: Vec<String>,
    /// Headers that a page may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may keep the answer to a preflight.
    pub max_age_seconds: Option<i32>,
}

/// Checks the rules of a bucket.
///
/// # Errors
/// A rule names a method that S3 does not have, or too many wildcards, or there is no rule or are too many.
pub(crate) fn check(rules: &[CorsRule]) -> Result<(), S3Failure> {
    let is_empty = |rule: &CorsRule| rule.allowed_origins.is_empty() || rule.allowed_methods.is_empty();
    if rules.is_empty() || rules.len() > MAX_RULES || rules.iter().any(is_empty) {
        return Err(S3Failure::MalformedXml);
    }
    let wrong = |message: String| Err(S3Failure::InvalidRequest(message));
    for rule in rules {
        for method in &rule.allowed_methods {
            if !METHODS.contains(&method.as_str()) {
                return wrong(format!(
                    "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                ));
            }
        }
        let named = rule.allowed_origins.iter().map(|text| ("AllowedOrigin", text));
        let named = named.chain(rule.allowed_headers.iter().map(|text| ("AllowedHeader", text)));
        for (name, text) in named {
            if text.matches('*').count() > 1 {
                return wrong(format!("{name} \"{text}\" can not have more than one wildcard."));
            }
        }
        if let Some(header) = rule.expose_headers.iter().find(|header| header.contains('*')) {
            return wrong(format!(
                "ExposeHeader \"{header}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
            ));
        }
    }
    Ok(())
}

/// The request of a page of another origin, as CORS sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest<'r> {
    origin: &'r str,
    /// The method that a preflight asks for, or that of the request itself.
    method: &'r str,
    /// The headers that a preflight asks for, as the browser wrote them.
    headers: Option<&'r str>,
}

impl<'r> PageRequest<'r> {
    /// Reads a request. `None` if no page sent it.
    pub(crate) fn of(parts: &'r Parts) -> Option<Self> {
        let text = |name: HeaderName| parts.headers.get(name)?.to_str().ok();
        Some(Self {
            origin: text(ORIGIN)?,
            method: text(ACCESS_CONTROL_REQUEST_METHOD).unwrap_or(parts.method.as_str()),
            headers: text(ACCESS_CONTROL_REQUEST_HEADERS),
        })
    }

    fn asked_headers(&self) -> impl Iterator<Item = String> {
        let names = self.headers.unwrap_or_default().split(',');
        let names = names.map(|name| name.trim().to_ascii_lowercase());
        names.filter(|name| !name.is_empty())
    }

    /// The first rule that allows the request, and its origin as the rule has it.
    fn find<'b>(&self, rules: &'b [CorsRule]) -> Option<(&'b CorsRule, &'b str)> {
        rules.iter().find_map(|rule| {
            let origin = rule
                .allowed_origins
                .iter()
                .find(|pattern| matches(pattern, self.origin))?;
            let has_method = rule.allowed_methods.iter().any(|method| method == self.method);
            let has_headers = self.asked_headers().all(|asked| {
                let mut allowed = rule.allowed_headers.iter();
                allowed.any(|pattern| matches(&pattern.to_ascii_lowercase(), &asked))
            });
            (has_method && has_headers).then_some((rule, origin.as_str()))
        })
    }

    /// Whether one of the rules allows the request.
    pub(crate) fn is_allowed(&self, rules: &[CorsRule]) -> bool {
        self.find(rules).is_some()
    }

    /// The headers of the answer. There are none if no rule allows the request.
    pub(crate) fn answer_headers(&self, rules: &[CorsRule]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some((rule, pattern)) = self.find(rules) else {
            return headers;
        };
        let mut add = |name: HeaderName, text: &str| {
            // A text that is no header value was not allowed by a rule that a browser could match.
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        if pattern == "*" {
            add(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        } else {
            add(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
            add(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        add(ACCESS_CONTROL_ALLOW_METHODS, &rule.allowed_methods.join(", "));
        let asked: Vec<String> = self.asked_headers().collect();
        if !asked.is_empty() {
            add(ACCESS_CONTROL_ALLOW_HEADERS, &asked.join(", "));
        }
        if !rule.expose_headers.is_empty() {
            add(ACCESS_CONTROL_EXPOSE_HEADERS, &rule.expose_headers.join(", "));
        }
        if let Some(seconds) = rule.max_age_seconds {
            add(ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
        add(VARY, VARIES_BY);
        headers
    }
}

/// Whether a text is a pattern, in which one `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

/// Answers a preflight. `rules` are those of the bucket; `None` stands for a bucket that does not exist.
pub(crate) fn preflight(parts: &Parts, names_key: bool, rules: Option<&[CorsRule]>) -> Response<Body> {
    let Some(request) = PageRequest::of(parts) else {
        let message = "Insufficient information. Origin request header needed.";
        return failure(StatusCode::BAD_REQUEST, "BadRequest", message, None);
    };
    let forbid = |message: &str, resource: &str| {
        let about = Some((request.method, resource));
        failure(StatusCode::FORBIDDEN, "AccessForbidden", message, about)
    };
    let rules = match rules {
        None => return forbid("CORSResponse: Bucket not found", "BUCKET"),
        Some([]) => return forbid("CORSResponse: CORS is not enabled for this bucket.", "BUCKET"),
        Some(rules) => rules,
    };
    if !parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        let message = "Invalid Access-Control-Request-Method: null";
        return failure(StatusCode::BAD_REQUEST, "BadRequest", message, None);
    }
    let headers = request.answer_headers(rules);
    if headers.is_empty() {
        return forbid(NOT_ALLOWED, if names_key { "OBJECT" } else { "BUCKET" });
    }
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = headers;
    response
}

fn failure(status: StatusCode, code: &str, message: &str, about: Option<(&str, &str)>) -> Response<Body> {
    let mut xml = Xml::default();
    xml.element("Error", |xml| {
        xml.text("Code", code).text("Message", message);
        if let Some((method, resource)) = about {
            xml.text("Method", method).text("ResourceType", resource);
        }
    });
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", xml.into_string());
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/xml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origin: &str, method: &str, headers: &[&str]) -> CorsRule {
        CorsRule {
            allowed_origins: vec![origin.to_owned()],
            allowed_methods: vec![method.to_owned()],
            allowed_headers: headers.iter().map(|&header| header.to_owned()).collect(),
            ..CorsRule::default()
        }
    }

    fn request<'r>(origin: &'r str, method: &'r str, headers: &'r str) -> PageRequest<'r> {
        PageRequest {
            origin,
            method,
            headers: Some(headers),
        }
    }

    #[test]
    fn one_wildcard_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("*", "https://a.example", true),
            ("https://*.example", "https://a.example", true),
            ("https://*.example", "https://.example", true),
            ("https://*.example", "http://a.example", false),
            ("https://a*a", "https://a", false),
            ("https://a.example", "https://a.example.org", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_first_rule_that_allows_all_of_a_request_answers_it() {
        let rules = [
            rule("https://a.example", "GET", &[]),
            rule("https://a.example", "PUT", &["x-amz-*", "Content-Type"]),
            rule("*", "GET", &[]),
        ];
        let answer = |origin, method, headers| {
            let headers = request(origin, method, headers).answer_headers(&rules);
            let origin = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)?;
            Some(origin.to_str().unwrap().to_owned())
        };
        let own = Some("https://a.example".to_owned());
        assert_eq!(answer("https://a.example", "GET", ""), own);
        assert_eq!(
            answer("https://a.example", "PUT", "content-type, X-Amz-Date"),
            own
        );
        assert_eq!(answer("https://a.example", "PUT", "authorization"), None);
        assert_eq!(answer("https://b.example", "GET", ""), Some("*".to_owned()));
        assert_eq!(answer("https://b.example", "PUT", ""), None);
        assert_eq!(answer("https://a.example", "DELETE", ""), None);
    }

    #[test]
    fn rules_are_checked_as_by_aws() {
        let message = |rule: CorsRule| check(&[rule]).unwrap_err().to_string();
        assert!(message(rule("*", "PATCH", &[])).contains("Unsupported method is PATCH"));
        assert!(message(rule("*.*", "GET", &[])).contains("AllowedOrigin \"*.*\""));
        assert!(message(rule("*", "GET", &["x-*-*"])).contains("AllowedHeader \"x-*-*\""));
        let exposed = CorsRule {
            expose_headers: vec!["*".to_owned()],
            ..rule("*", "GET", &[])
        };
        assert!(message(exposed).contains("ExposeHeader"));
        assert!(matches!(check(&[]), Err(S3Failure::MalformedXml)));
        assert!(matches!(
            check(&[CorsRule::default()]),
            Err(S3Failure::MalformedXml)
        ));
        assert!(check(&vec![rule("*", "GET", &[]); MAX_RULES]).is_ok());
        assert!(check(&vec![rule("*", "GET", &[]); MAX_RULES + 1]).is_err());
    }
}
