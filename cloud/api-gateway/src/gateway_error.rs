//! The error answers of API Gateway itself. They do not come from a function.
//!
//! Source: the API Gateway Developer Guide, "Gateway response types".

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

/// An error answer of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GatewayError {
    /// The API has no such path, or no such method on the path.
    MissingAuthenticationToken,
    /// The body is larger than 10 MB.
    RequestTooLarge,
    /// The body did not arrive completely.
    BadRequest,
    /// The function took longer than 29 seconds.
    IntegrationTimeout,
    /// Lambda did not take the invocation, for example because the function is at its concurrency limit.
    ///
    /// Source: Lambda Developer Guide, "Handling Lambda errors with an API Gateway API": "If the Lambda API rejects the
    /// invocation request, API Gateway returns a 500 error code."
    InvocationRefused,
    /// The function failed, or its answer is not a proxy response.
    InternalServerError,
}

impl GatewayError {
    pub(crate) fn response(self) -> Response<Body> {
        let (status, kind, message) = match self {
            Self::MissingAuthenticationToken => (
                StatusCode::FORBIDDEN,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#,
            ),
            Self::RequestTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                r#"{"message":"HTTP content length exceeded 10485760 bytes."}"#,
            ),
            Self::BadRequest => (
                StatusCode::BAD_REQUEST,
                "BadRequestException",
                r#"{"message":"Bad Request"}"#,
            ),
            Self::IntegrationTimeout => (
                StatusCode::GATEWAY_TIMEOUT,
                "InternalServerErrorException",
                r#"{"message":"Endpoint request timed out"}"#,
            ),
            Self::InvocationRefused => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerErrorException",
                r#"{"message":"Internal server error"}"#,
            ),
            Self::InternalServerError => (
                StatusCode::BAD_GATEWAY,
                "InternalServerErrorException",
                r#"{"message":"Internal server error"}"#,
            ),
        };
        let mut response = Response::new(Body::from(message));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
        response
    }
}
