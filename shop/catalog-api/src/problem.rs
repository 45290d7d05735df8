//! The problems of this API. `rest-function` writes their documents (RFC 9457).

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The request cannot be read.
    Malformed,
    /// No such resource.
    NotFound,
    /// No such book.
    BookNotFound,
    /// The resource exists, the method does not.
    MethodNotAllowed,
    /// Another book has this ISBN.
    BookExists,
    /// The book was changed since the client read it.
    Changed,
    /// The body is over the limit.
    TooLarge,
    /// The body's media type is not JSON.
    UnsupportedMediaType,
    /// Query parameters break rules.
    InvalidParameters,
    /// The body can be read, and breaks rules.
    Invalid,
    /// The client must say which version it changes.
    ConditionRequired,
    /// AWS failed. The same request may succeed later.
    Unavailable,
    /// A fault of this API.
    Internal,
}

impl ProblemKind {
    /// All kinds.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 13] = [
        Self::Malformed,
        Self::NotFound,
        Self::BookNotFound,
        Self::MethodNotAllowed,
        Self::BookExists,
        Self::Changed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidParameters,
        Self::Invalid,
        Self::ConditionRequired,
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
            Self::Malformed | Self::InvalidParameters => 400,
            Self::NotFound | Self::BookNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::BookExists => 409,
            Self::Changed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::ConditionRequired => 428,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    fn type_uri(self) -> &'static str {
        match self {
            Self::Malformed => "urn:shop:problem:malformed",
            Self::NotFound => "urn:shop:problem:not-found",
            Self::BookNotFound => "urn:shop:problem:book-not-found",
            Self::MethodNotAllowed => "urn:shop:problem:method-not-allowed",
            Self::BookExists => "urn:shop:problem:book-exists",
            Self::Changed => "urn:shop:problem:changed",
            Self::TooLarge => "urn:shop:problem:too-large",
            Self::UnsupportedMediaType => "urn:shop:problem:unsupported-media-type",
            Self::InvalidParameters => "urn:shop:problem:invalid-parameters",
            Self::Invalid => "urn:shop:problem:invalid",
            Self::ConditionRequired => "urn:shop:problem:condition-required",
            Self::Unavailable => "urn:shop:problem:unavailable",
            Self::Internal => "urn:shop:problem:internal",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::NotFound => "There is nothing here",
            Self::BookNotFound => "There is no such book",
            Self::MethodNotAllowed => "This method is not allowed here",
            Self::BookExists => "Another book has this ISBN",
            Self::Changed => "The book has changed meanwhile",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::InvalidParameters => "The query parameters are not valid",
            Self::Invalid => "The content is not valid",
            Self::ConditionRequired => "The request must say which version it changes",
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
