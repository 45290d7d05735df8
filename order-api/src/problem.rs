//! The body of an error response: a problem document (RFC 9457, `application/problem+json`).

use serde::Serialize;

use order_core::Violations;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A kind of problem. It decides type, title and status, so that no problem can have a success status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The request cannot be read.
    Malformed,
    /// No such resource.
    NotFound,
    /// No such order, or not yet.
    OrderNotFound,
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
    /// The idempotency key was used with another order.
    IdempotencyKeyReused,
    /// AWS failed. The same request may succeed later.
    Unavailable,
    /// A fault of this API.
    Internal,
}

impl ProblemKind {
    /// All kinds.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 12] = [
        Self::Malformed,
        Self::NotFound,
        Self::OrderNotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::UnsupportedVersion,
        Self::InvalidParameters,
        Self::Invalid,
        Self::IdempotencyKeyReused,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The HTTP status.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::UnsupportedVersion | Self::InvalidParameters => 400,
            Self::NotFound | Self::OrderNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid | Self::IdempotencyKeyReused => 422,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// The problem type for programs: a URN that never changes.
    pub(crate) fn type_uri(self) -> &'static str {
        match self {
            Self::Malformed => "urn:orders:problem:malformed",
            Self::NotFound => "urn:orders:problem:not-found",
            Self::OrderNotFound => "urn:orders:problem:order-not-found",
            Self::MethodNotAllowed => "urn:orders:problem:method-not-allowed",
            Self::TooLarge => "urn:orders:problem:too-large",
            Self::UnsupportedMediaType => "urn:orders:problem:unsupported-media-type",
            Self::UnsupportedVersion => "urn:orders:problem:unsupported-version",
            Self::InvalidParameters => "urn:orders:problem:invalid-parameters",
            Self::Invalid => "urn:orders:problem:invalid",
            Self::IdempotencyKeyReused => "urn:orders:problem:idempotency-key-reused",
            Self::Unavailable => "urn:orders:problem:unavailable",
            Self::Internal => "urn:orders:problem:internal",
        }
    }

    /// The summary for people, the same for every problem of this kind.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::NotFound => "There is nothing here",
            Self::OrderNotFound => "There is no such order, or not yet",
            Self::MethodNotAllowed => "This method is not allowed here",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::UnsupportedVersion => "There is no such version of the API",
            Self::InvalidParameters => "The query parameters are not valid",
            Self::Invalid => "The content is not valid",
            Self::IdempotencyKeyReused => "The idempotency key belongs to another order",
            Self::Unavailable => "The service cannot answer right now",
            Self::Internal => "Something went wrong on our side",
        }
    }
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The problem type, a URN.
    #[serde(rename = "type")]
    pub(crate) type_uri: &'static str,
    /// The kind's summary.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The reason in this request, and the remedy.
    pub(crate) detail: String,
    /// The request's id, which the logs hold too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// Every violation, if the kind is [`ProblemKind::Invalid`] or [`ProblemKind::InvalidParameters`].
    #[serde(skip_serializing_if = "Violations::is_empty")]
    pub(crate) errors: Violations,
}

impl Problem {
    /// A problem without violations.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            type_uri: kind.type_uri(),
            title: kind.title(),
            status: kind.status(),
            detail: detail.into(),
            request_id: None,
            errors: Violations::default(),
        }
    }

    /// A fault of this API. `what` is a sentence about its effect.
    pub(crate) fn internal(what: &str, request_id: Option<&str>) -> Self {
        let quote = match request_id {
            Some(id) => format!("Quote request_id {id} when you contact support."),
            None => "Contact support.".to_owned(),
        };
        Self::new(ProblemKind::Internal, format!("{what} {quote}"))
    }

    /// A body that breaks rules.
    pub(crate) fn invalid(violations: Violations) -> Self {
        Self::listing(ProblemKind::Invalid, violations)
    }

    /// Query parameters that break rules.
    pub(crate) fn invalid_parameters(violations: Violations) -> Self {
        Self::listing(ProblemKind::InvalidParameters, violations)
    }

    fn listing(kind: ProblemKind, violations: Violations) -> Self {
        let detail = match violations.as_slice().len() {
            1 => "1 violation; see errors".to_owned(),
            count => format!("{count} violations; see errors"),
        };
        Self {
            errors: violations,
            ..Self::new(kind, detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_problem_has_a_success_status() {
        for kind in ProblemKind::ALL {
            assert!((400..600).contains(&kind.status()), "{kind:?}");
        }
    }

    #[test]
    fn the_document_has_the_standards_members() {
        let mut violations = Violations::default();
        violations.push("/items", "is required");
        let problem = Problem {
            request_id: Some("r-1".into()),
            ..Problem::invalid(violations)
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&problem).unwrap(), @r#"
        {
          "type": "urn:orders:problem:invalid",
          "title": "The content is not valid",
          "status": 422,
          "detail": "1 violation; see errors",
          "request_id": "r-1",
          "errors": [
            {
              "pointer": "/items",
              "detail": "is required"
            }
          ]
        }
        "#);
    }
}
