//! The answer to a client, in the form that API Gateway expects.

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName};
use aws_lambda_events::http::{HeaderMap, HeaderValue};
use serde::Serialize;

use crate::conditional;
use crate::problem::{self, Problem, ProblemKind};

/// For answers that are valid for one request only: errors and receipts.
const NO_STORE: &str = "no-store";

/// An answer that is not an error.
#[derive(Debug)]
pub struct Response {
    status: u16,
    content_type: Option<&'static str>,
    cache_control: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: String,
    subject: Option<String>,
}

/// An answer that the request failed. It is a type of its own, so that `?` can return it.
#[derive(Debug)]
pub struct ErrorResponse<K> {
    problem: Box<Problem<K>>,
    headers: Vec<(HeaderName, &'static str)>,
    subject: Option<String>,
}

impl<K: ProblemKind> ErrorResponse<K> {
    /// An error of this kind. `detail` says what happened and what to do.
    pub fn new(kind: K, detail: impl Into<String>) -> Self {
        Problem::new(kind, detail).into()
    }

    /// Adds a header that the status requires.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Names the resource that it is about, for the log.
    #[must_use]
    pub fn about(self, subject: &impl ToString) -> Self {
        Self {
            subject: Some(subject.to_string()),
            ..self
        }
    }
}

impl<K: ProblemKind> From<Problem<K>> for ErrorResponse<K> {
    fn from(problem: Problem<K>) -> Self {
        Self {
            problem: Box::new(problem),
            headers: Vec::new(),
            subject: None,
        }
    }
}

impl Response {
    /// A JSON document.
    pub fn json<K: ProblemKind>(status: u16, document: &impl Serialize) -> Result<Self, ErrorResponse<K>> {
        let body = serde_json::to_string(document).map_err(|error| {
            let what = format!("The answer cannot be written: {error}.");
            ErrorResponse::from(Problem::internal(&what, None))
        })?;
        Ok(Self::written(status, body))
    }

    /// A JSON document, given as a text.
    #[must_use]
    pub fn written(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: Some("application/json"),
            cache_control: NO_STORE,
            headers: Vec::new(),
            body: body.into(),
            subject: None,
        }
    }

    /// 204, with the methods of a resource.
    #[must_use]
    pub fn options(allow: &'static str) -> Self {
        Self::empty(204).with_header(ALLOW, allow.to_owned())
    }

    /// The answer to a request that failed, with the request's id, which the logs hold too.
    #[must_use]
    pub fn error<K: ProblemKind>(error: ErrorResponse<K>, request_id: Option<&str>) -> Self {
        let ErrorResponse {
            mut problem,
            headers,
            subject,
        } = error;
        problem.request_id = request_id.map(str::to_owned);
        Self {
            status: problem.status(),
            content_type: Some(problem::MEDIA_TYPE),
            cache_control: NO_STORE,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            // A problem holds only texts and numbers, which always have a JSON form.
            body: serde_json::to_string(&problem).unwrap_or_default(),
            subject,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(self, name: HeaderName, value: String) -> Self {
        self.with_headers(vec![(name, value)])
    }

    /// Adds headers.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(HeaderName, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Adds an entity tag, and removes the body if the client holds it. A browser may keep the answer, but must ask each time
    /// whether it is current, because what it shows changes. No shared cache may keep it: an
    /// answer may hold personal data.
    #[must_use]
    pub fn revalidated(mut self, if_none_match: &[&HeaderValue]) -> Self {
        let entity_tag = conditional::entity_tag(&self.body);
        if conditional::names(if_none_match, &entity_tag) {
            self.status = 304;
            self.content_type = None;
            self.body.clear();
        }
        self.cache_control = "private, no-cache";
        self.with_header(ETAG, entity_tag)
    }

    /// Adds the entity tag that a GET of the same document would have.
    #[must_use]
    pub fn tagged(self) -> Self {
        let entity_tag = conditional::entity_tag(&self.body);
        self.with_header(ETAG, entity_tag)
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            cache_control: NO_STORE,
            headers: Vec::new(),
            body: String::new(),
            subject: None,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Names the resource that it is about, for the log.
    #[must_use]
    pub fn about(self, subject: &impl ToString) -> Self {
        Self {
            subject: Some(subject.to_string()),
            ..self
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The resource that it is about, if there is one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The answer as API Gateway expects it.
    #[must_use]
    pub fn into_proxy(self, request_id: Option<&str>, with_body: bool) -> ApiGatewayProxyResponse {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.cache_control));
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let request_id = request_id.map(|id| (HeaderName::from_static("x-request-id"), id.to_owned()));
        for (name, value) in self.headers.into_iter().chain(request_id) {
            // A header cannot hold every value. Such a header is left out, and the rest of the answer stays correct.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        let mut response = ApiGatewayProxyResponse::default();
        response.status_code = i64::from(self.status);
        response.headers = headers;
        response.body = (with_body && !self.body.is_empty()).then_some(Body::Text(self.body));
        response
    }
}
