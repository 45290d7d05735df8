//! The answer to a client, in the form that API Gateway expects.

use crate::problem::{self, Problem, ProblemKind};
use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName};
use aws_lambda_events::http::{HeaderMap, HeaderValue};
use order_core::OrderId;
use serde::Serialize;

use crate::{conditional, version};

/// For answers that are valid for one request only: errors and receipts.
const NO_STORE: &str = "no-store";

/// An answer that is not an error.
#[derive(Debug)]
pub(crate) struct Response {
    status: u16,
    content_type: Option<&'static str>,
    cache_control: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: String,
    order_id: Option<OrderId>,
}

/// An answer that the request failed. It is a type of its own, so that `?` can return it.
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    problem: Box<Problem>,
    headers: Vec<(HeaderName, &'static str)>,
    order_id: Option<OrderId>,
}

impl ErrorResponse {
    /// An error of this kind. `detail` says what happened and what to do.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Problem::new(kind, detail).into()
    }

    /// Adds a header that the status requires.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Names the order that it is about, for the log.
    pub(crate) fn about(self, order_id: OrderId) -> Self {
        Self {
            order_id: Some(order_id),
            ..self
        }
    }
}

impl From<Problem> for ErrorResponse {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            headers: Vec::new(),
            order_id: None,
        }
    }
}

impl Response {
    /// A JSON document.
    pub(crate) fn json(status: u16, document: &impl Serialize) -> Result<Self, ErrorResponse> {
        let body = serde_json::to_string(document).map_err(|error| {
            let what = format!("The answer cannot be written: {error}.");
            ErrorResponse::from(Problem::internal(&what, None))
        })?;
        Ok(Self::written(status, body))
    }

    /// A JSON document, given as a text.
    pub(crate) fn written(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: Some("application/json"),
            cache_control: NO_STORE,
            headers: Vec::new(),
            body: body.into(),
            order_id: None,
        }
    }

    /// 204, with the methods of a resource.
    pub(crate) fn options(allow: &'static str) -> Self {
        Self {
            status: 204,
            content_type: None,
            cache_control: NO_STORE,
            headers: vec![(ALLOW, allow.to_owned())],
            body: String::new(),
            order_id: None,
        }
    }

    /// The answer to a request that failed, with the request's id, which the logs hold too.
    pub(crate) fn error(error: ErrorResponse, request_id: Option<&str>) -> Self {
        let ErrorResponse {
            mut problem,
            headers,
            order_id,
        } = error;
        problem.request_id = request_id.map(str::to_owned);
        Self {
            status: problem.status,
            content_type: Some(problem::MEDIA_TYPE),
            cache_control: NO_STORE,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            // A problem holds only texts and numbers, which always have a JSON form.
            body: serde_json::to_string(&problem).unwrap_or_default(),
            order_id,
        }
    }

    /// Adds a header.
    pub(crate) fn with_header(self, name: HeaderName, value: String) -> Self {
        self.with_headers(vec![(name, value)])
    }

    /// Adds headers.
    pub(crate) fn with_headers(mut self, headers: Vec<(HeaderName, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Adds an entity tag, and removes the body if the client holds it. A browser may keep the answer, but must ask each time
    /// whether it is current, because an order's status changes. No shared cache may keep it: most answers hold personal data.
    pub(crate) fn revalidated(mut self, if_none_match: &[&HeaderValue]) -> Self {
        let entity_tag = conditional::entity_tag(&self.body);
        if conditional::names(if_none_match, &entity_tag) {
            self.status = 304;
            self.content_type = None;
            self.body.clear();
        }
        self.cache_control = "private, no-cache";
        self.with_header(ETAG, entity_tag)
    }

    /// Names the order that it is about, for the log.
    pub(crate) fn about(self, order_id: OrderId) -> Self {
        Self {
            order_id: Some(order_id),
            ..self
        }
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The order that it is about, if there is one.
    pub(crate) fn order_id(&self) -> Option<OrderId> {
        self.order_id
    }

    /// The answer as API Gateway expects it.
    pub(crate) fn into_proxy(self, request_id: Option<&str>, with_body: bool) -> ApiGatewayProxyResponse {
        let mut headers = HeaderMap::new();
        headers.insert(version::HEADER, HeaderValue::from_static(version::CURRENT));
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
