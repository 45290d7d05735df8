//! The problems of this API. `rest-function` writes their documents (RFC 9457).

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The request cannot be read.
    Malformed,
    /// No such resource.
    NotFound,
    /// No such order, or not yet.
    OrderNotFound,
    /// The order was erased.
    OrderErased,
    /// The resource exists, the method does not.
    MethodNotAllowed,
    /// The body is over the limit.
    TooLarge,
    /// The body's media type is not JSON.
    UnsupportedMediaType,
    /// There is no such version of the API.
    UnsupportedVersion,
    /// Query parameters break rules.
    InvalidParameters,
    /// The body can be read, and breaks rules.
    Invalid,
    /// The order has no idempotency key, and needs one here.
    IdempotencyKeyRequired,
    /// The idempotency key was used with another order.
    IdempotencyKeyReused,
    /// The first request with the idempotency key may still be under way.
    InProgress,
    /// AWS failed. The same request may succeed later.
    Unavailable,
    /// A fault of this API.
    Internal,
}

impl ProblemKind {
    /// All kinds.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 15] = [
        Self::Malformed,
        Self::NotFound,
        Self::OrderNotFound,
        Self::OrderErased,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::UnsupportedVersion,
        Self::InvalidParameters,
        Self::Invalid,
        Self::IdempotencyKeyRequired,
        Self::IdempotencyKeyReused,
        Self::InProgress,
        Self::Unavailable,
        Self::Internal,
    ];
}

impl rest_function::ProblemKind for ProblemKind {
    const MALFORMED: Self = Self::Malformed;
    const TOO_LARGE: Self = Self::TooLarge;
    const UNSUPPORTED_MEDIA_TYPE: Self = Self::UnsupportedMediaType;
    const INVALID_PARAMETERS: Self = Self::InvalidParameters;
    const INVALID: Self = Self::Invalid;
    const INTERNAL: Self = Self::Internal;

    fn status(self) -> u16 {
        match self {
            Self::Malformed
            | Self::UnsupportedVersion
            | Self::InvalidParameters
            | Self::IdempotencyKeyRequired => 400,
            Self::NotFound | Self::OrderNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::InProgress => 409,
            Self::OrderErased => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid | Self::IdempotencyKeyReused => 422,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    fn type_uri(self) -> &'static str {
        match self {
            Self::Malformed => "urn:orders:problem:malformed",
            Self::NotFound => "urn:orders:problem:not-found",
            Self::OrderNotFound => "urn:orders:problem:order-not-found",
            Self::OrderErased => "urn:orders:problem:order-erased",
            Self::MethodNotAllowed => "urn:orders:problem:method-not-allowed",
            Self::TooLarge => "urn:orders:problem:too-large",
            Self::UnsupportedMediaType => "urn:orders:problem:unsupported-media-type",
            Self::UnsupportedVersion => "urn:orders:problem:unsupported-version",
            Self::InvalidParameters => "urn:orders:problem:invalid-parameters",
            Self::Invalid => "urn:orders:problem:invalid",
            Self::IdempotencyKeyRequired => "urn:orders:problem:idempotency-key-required",
            Self::IdempotencyKeyReused => "urn:orders:problem:idempotency-key-reused",
            Self::InProgress => "urn:orders:problem:in-progress",
            Self::Unavailable => "urn:orders:problem:unavailable",
            Self::Internal => "urn:orders:problem:internal",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::NotFound => "There is nothing here",
            Self::OrderNotFound => "There is no such order, or not yet",
            Self::OrderErased => "The order was erased",
            Self::MethodNotAllowed => "This method is not allowed here",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::UnsupportedVersion => "There is no such version of the API",
            Self::InvalidParameters => "The query parameters are not valid",
            Self::Invalid => "The content is not valid",
            Self::IdempotencyKeyRequired => "The order needs an idempotency key",
            Self::IdempotencyKeyReused => "The idempotency key belongs to another order",
            Self::InProgress => "A request with this idempotency key is under way",
            Self::Unavailable => "The service cannot answer right now",
            Self::Internal => "Something went wrong on our side",
        }
    }
}

/// A problem document of this API.
pub(crate) type Problem = rest_function::Problem<ProblemKind>;

/// The answer to a request that failed.
pub(crate) type ErrorResponse = rest_function::ErrorResponse<ProblemKind>;

#[cfg(test)]
mod tests {
    use rest_function::ProblemKind as _;

    use super::*;

    #[test]
    fn no_problem_has_a_success_status() {
        for kind in ProblemKind::ALL {
            assert!((400..600).contains(&kind.status()), "{kind:?}");
        }
    }
}
