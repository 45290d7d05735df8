//! What a client is answered, in the form that API Gateway takes.

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use aws_lambda_events::http::{HeaderMap, HeaderValue};
use order_core::OrderId;
use order_core::problem::{self, Problem, ProblemKind};
use serde::Serialize;

/// An answer that is not a refusal.
#[derive(Debug)]
pub(crate) struct Response {
    status: u16,
    content_type: Option<&'static str>,
    header: Option<(HeaderName, String)>,
    body: String,
    order_id: Option<OrderId>,
}

/// An answer that the request failed. A separate type, so that `?` can end a request in one.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Box<Problem>,
    header: Option<(HeaderName, &'static str)>,
    order_id: Option<OrderId>,
}

impl Refusal {
    /// A refusal by `kind`; `detail` says what happened and what to do about it.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Problem::new(kind, detail).into()
    }

    /// With a header that the status calls for.
    pub(crate) fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    /// That it is about this order, for the log.
    pub(crate) fn about(self, order_id: OrderId) -> Self {
        Self {
            order_id: Some(order_id),
            ..self
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            header: None,
            order_id: None,
        }
    }
}

impl Response {
    /// A JSON document.
    pub(crate) fn json(status: u16, document: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_string(document).map_err(|error| {
            Refusal::new(
                ProblemKind::Internal,
                format!("the answer cannot be written: {error}"),
            )
        })?;
        Ok(Self {
            status,
            content_type: Some("application/json"),
            header: None,
            body,
            order_id: None,
        })
    }

    /// 204, with the methods that a resource knows.
    pub(crate) fn options(allow: &'static str) -> Self {
        let header = Some((aws_lambda_events::http::header::ALLOW, allow.to_owned()));
        Self {
            status: 204,
            content_type: None,
            header,
            body: String::new(),
            order_id: None,
        }
    }

    /// The answer to a request that failed, with the request's id, by which the log is searched.
    pub(crate) fn refused(refusal: Refusal, request_id: Option<&str>) -> Self {
        let Refusal {
            mut problem,
            header,
            order_id,
        } = refusal;
        problem.request_id = request_id.map(str::to_owned);
        Self {
            status: problem.status,
            content_type: Some(problem::MEDIA_TYPE),
            header: header.map(|(name, value)| (name, value.to_owned())),
            // A problem holds texts and numbers only, which JSON can write.
            body: serde_json::to_string(&problem).unwrap_or_default(),
            order_id,
        }
    }

    /// With a header.
    pub(crate) fn with_header(self, name: HeaderName, value: String) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    /// That it is about this order, for the log.
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

    /// The order that it is about, if it is about one.
    pub(crate) fn order_id(&self) -> Option<OrderId> {
        self.order_id
    }

    /// What API Gateway takes. Nothing is cacheable: an order moves on, and most answers hold personal data.
    pub(crate) fn into_proxy(self, request_id: Option<&str>, with_body: bool) -> ApiGatewayProxyResponse {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let request_id = request_id.map(|id| (HeaderName::from_static("x-request-id"), id.to_owned()));
        for (name, value) in self.header.into_iter().chain(request_id) {
            // A value that no header can hold is left out; the rest of the answer is still right.
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
