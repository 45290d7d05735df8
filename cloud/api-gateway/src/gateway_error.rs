//! The errors of API Gateway itself. They do not come from a function.
//!
//! Source: the API Gateway Developer Guide, "Gateway response types".

use axum::http::StatusCode;

/// The reason why the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GatewayError {
    /// The API has no such path, or no such method on the path.
    MissingAuthenticationToken,
    /// The method requires an API key, and the request has none that is known.
    InvalidApiKey,
    /// The API key has used the requests of its day.
    QuotaExceeded,
    /// The body is larger than 10 MB.
    RequestTooLarge,
    /// A MOCK integration has no request template for the media type of the body.
    UnsupportedMediaType,
    /// The body did not arrive completely.
    BadRequest,
    /// The method or the API key got more requests than its rate and burst allow.
    Throttled,
    /// The function took longer than 29 seconds.
    IntegrationTimeout,
    /// Lambda did not take the invocation, for example because the function is at its concurrency limit.
    ///
    /// Source: Lambda Developer Guide, "Handling Lambda errors with an API Gateway API": "If the Lambda API rejects the
    /// invocation request, API Gateway returns a 500 error code." LocalStack's suite recorded it as an `INTEGRATION_FAILURE`.
    InvocationRefused,
    /// The function failed, or its answer is not a proxy response.
    InternalServerError,
}

impl GatewayError {
    /// The response type, by which a template declares the answer.
    pub(crate) fn response_type(self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MISSING_AUTHENTICATION_TOKEN",
            Self::InvalidApiKey => "INVALID_API_KEY",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::BadRequest => "DEFAULT_4XX",
            Self::Throttled => "THROTTLED",
            Self::IntegrationTimeout => "INTEGRATION_TIMEOUT",
            Self::InvocationRefused => "INTEGRATION_FAILURE",
            Self::InternalServerError => "DEFAULT_5XX",
        }
    }

    /// The response type that stands for those that are not declared.
    pub(crate) fn default_type(self) -> &'static str {
        if self.status().is_server_error() {
            "DEFAULT_5XX"
        } else {
            "DEFAULT_4XX"
        }
    }

    /// The status, unless the template declares another one.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::MissingAuthenticationToken | Self::InvalidApiKey => StatusCode::FORBIDDEN,
            Self::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Throttled | Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::IntegrationTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::InvocationRefused => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InternalServerError => StatusCode::BAD_GATEWAY,
        }
    }

    /// The value of the header `x-amzn-ErrorType`.
    pub(crate) fn error_type(self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::InvalidApiKey => "ForbiddenException",
            Self::QuotaExceeded => "LimitExceededException",
            Self::RequestTooLarge => "RequestTooLargeException",
            Self::UnsupportedMediaType => "UnsupportedMediaTypeException",
            Self::BadRequest => "BadRequestException",
            Self::Throttled => "TooManyRequestsException",
            Self::IntegrationTimeout | Self::InvocationRefused | Self::InternalServerError => {
                "InternalServerErrorException"
            }
        }
    }

    /// The value of `$context.error.message`.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "Missing Authentication Token",
            Self::InvalidApiKey => "Forbidden",
            Self::QuotaExceeded => "Limit Exceeded",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::RequestTooLarge => "HTTP content length exceeded 10485760 bytes.",
            Self::BadRequest => "Bad Request",
            Self::Throttled => "Too Many Requests",
            Self::IntegrationTimeout => "Endpoint request timed out",
            Self::InvocationRefused | Self::InternalServerError => "Internal server error",
        }
    }
}
