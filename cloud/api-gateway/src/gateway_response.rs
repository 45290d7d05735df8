//! The answers to requests that the gateway refuses or cannot complete, as the API's owner declared them.
//!
//! Source: the API Gateway Developer Guide, "Gateway responses for REST APIs" and "Gateway response types".

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

use crate::gateway_error::GatewayError;

/// The body without a template.
const DEFAULT_TEMPLATE: &str = r#"{"message":$context.error.messageString}"#;
const VARIABLE: &str = "$context.";

/// The declared answer of one response type. Parts that are not declared stay those of API Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayResponse {
    /// The status.
    pub status: Option<u16>,
    /// Names and fixed values of headers.
    pub headers: Vec<(String, String)>,
    /// The body, with variables such as `$context.error.messageString`. It is no Velocity template.
    pub template: Option<String>,
}

/// The declared answers by response type, such as `THROTTLED` or `DEFAULT_4XX`.
#[derive(Clone, Debug, Default)]
pub struct GatewayResponses(BTreeMap<String, GatewayResponse>);

impl GatewayResponses {
    /// Takes the declared answers.
    #[must_use]
    pub fn new(responses: impl IntoIterator<Item = (String, GatewayResponse)>) -> Self {
        Self(responses.into_iter().collect())
    }

    /// Builds the answer to a request that ended with an error.
    pub(crate) fn answer(&self, error: GatewayError, request_id: Uuid) -> Response<Body> {
        let declared = self.0.get(error.response_type());
        let of_default = || self.0.get(error.default_type());
        let declared = declared.or_else(of_default);
        let template = declared.and_then(|declared| declared.template.as_deref());
        let body = render(template.unwrap_or(DEFAULT_TEMPLATE), error, request_id);
        let mut response = Response::new(Body::from(body));
        let status = declared.and_then(|declared| StatusCode::from_u16(declared.status?).ok());
        *response.status_mut() = status.unwrap_or(error.status());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(error.error_type()));
        for (name, value) in declared.into_iter().flat_map(|declared| &declared.headers) {
            // A text that is no header is left out: the status and the body matter more to the client.
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Replaces the variables of a template. A variable that is not known here is empty.
fn render(template: &str, error: GatewayError, request_id: Uuid) -> String {
    let mut body = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(VARIABLE) {
        body.push_str(&rest[..at]);
        rest = &rest[at + VARIABLE.len()..];
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '.');
        // A dot at the end belongs to the text.
        let name = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
        match name {
            "error.message" => body.push_str(error.message()),
            "error.messageString" => body.push_str(&Value::from(error.message()).to_string()),
            "error.responseType" => body.push_str(error.response_type()),
            "requestId" => body.push_str(&request_id.to_string()),
            _ => {}
        }
        rest = &rest[name.len()..];
    }
    body.push_str(rest);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(responses: &[(&str, GatewayResponse)], error: GatewayError) -> (u16, String, String) {
        let responses = responses.iter();
        let responses = GatewayResponses::new(responses.map(|(kind, one)| ((*kind).to_owned(), one.clone())));
        let response = responses.answer(error, Uuid::nil());
        let status = response.status().as_u16();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    fn response(status: Option<u16>, template: &str) -> GatewayResponse {
        GatewayResponse {
            status,
            headers: vec![("Content-Type".to_owned(), "application/problem+json".to_owned())],
            template: Some(template.to_owned()),
        }
    }

    #[tokio::test]
    async fn a_declared_answer_replaces_that_of_the_gateway() {
        let template = r#"{"detail":$context.error.messageString,"of":"$context.error.responseType","id":"$context.requestId"}"#;
        let declared = [("THROTTLED", response(Some(429), template))];
        assert_eq!(
            answer(&declared, GatewayError::Throttled).await,
            (
                429,
                "application/problem+json".to_owned(),
                r#"{"detail":"Too Many Requests","of":"THROTTLED","id":"00000000-0000-0000-0000-000000000000"}"#.to_owned()
            )
        );
        let (status, kind, body) = answer(&declared, GatewayError::RequestTooLarge).await;
        assert_eq!((status, kind.as_str()), (413, "application/json"));
        assert_eq!(
            body,
            r#"{"message":"HTTP content length exceeded 10485760 bytes."}"#
        );
    }

    #[tokio::test]
    async fn a_default_answers_for_the_types_that_are_not_declared() {
        let without_status = [
            ("DEFAULT_4XX", response(None, "4 $context.error.message.")),
            ("DEFAULT_5XX", response(None, "5 $context.unknown")),
        ];
        for (error, status, body) in [
            (GatewayError::Throttled, 429, "4 Too Many Requests."),
            (GatewayError::IntegrationTimeout, 504, "5 "),
            (GatewayError::InternalServerError, 502, "5 "),
        ] {
            let (got, _, text) = answer(&without_status, error).await;
            assert_eq!((got, text.as_str()), (status, body), "{error:?}");
        }
        let with_status = [("DEFAULT_5XX", response(Some(503), "x"))];
        assert_eq!(
            answer(&with_status, GatewayError::InternalServerError).await.0,
            503
        );
    }
}
