//! The body of an error response: a problem document (RFC 9457, `application/problem+json`).

use std::fmt::Debug;

use order_core::Violations;
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The kinds of problems of one API. A kind decides type, title and status, so that no problem can have a success status.
pub trait ProblemKind: Copy + Debug {
    /// The request cannot be read.
    const MALFORMED: Self;
    /// The body is over the limit.
    const TOO_LARGE: Self;
    /// The body's media type is not JSON.
    const UNSUPPORTED_MEDIA_TYPE: Self;
    /// Query parameters break rules.
    const INVALID_PARAMETERS: Self;
    /// The body can be read, and breaks rules.
    const INVALID: Self;
    /// A fault of the API.
    const INTERNAL: Self;

    /// The HTTP status, from 400 to 599.
    fn status(self) -> u16;

    /// The problem type for programs: a URN that never changes.
    fn type_uri(self) -> &'static str;

    /// The summary for people, the same for every problem of this kind.
    fn title(self) -> &'static str;
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<K> {
    kind: K,
    /// The reason in this request, and the remedy.
    detail: String,
    /// The request's id, which the logs hold too.
    pub(crate) request_id: Option<String>,
    /// Every violation of the body or of the query parameters.
    errors: Violations,
}

impl<K: ProblemKind> Problem<K> {
    /// A problem without violations.
    pub fn new(kind: K, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            request_id: None,
            errors: Violations::default(),
        }
    }

    /// A fault of this API. `what` is a sentence about its effect.
    #[must_use]
    pub fn internal(what: &str, request_id: Option<&str>) -> Self {
        let quote = match request_id {
            Some(id) => format!("Quote request_id {id} when you contact support."),
            None => "Contact support.".to_owned(),
        };
        Self::new(K::INTERNAL, format!("{what} {quote}"))
    }

    /// A body that breaks rules.
    #[must_use]
    pub fn invalid(violations: Violations) -> Self {
        Self::listing(K::INVALID, violations)
    }

    /// Query parameters that break rules.
    #[must_use]
    pub fn invalid_parameters(violations: Violations) -> Self {
        Self::listing(K::INVALID_PARAMETERS, violations)
    }

    fn listing(kind: K, violations: Violations) -> Self {
        let detail = match violations.as_slice().len() {
            1 => "1 violation; see errors".to_owned(),
            count if violations.is_cut() => {
                format!("more than {count} violations; see the first {count} in errors")
            }
            count => format!("{count} violations; see errors"),
        };
        Self {
            errors: violations,
            ..Self::new(kind, detail)
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.kind.status()
    }
}

impl<K: ProblemKind> Serialize for Problem<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut problem = serializer.serialize_struct("Problem", 6)?;
        problem.serialize_field("type", self.kind.type_uri())?;
        problem.serialize_field("title", self.kind.title())?;
        problem.serialize_field("status", &self.status())?;
        problem.serialize_field("detail", &self.detail)?;
        if let Some(request_id) = &self.request_id {
            problem.serialize_field("request_id", request_id)?;
        }
        if !self.errors.is_empty() {
            problem.serialize_field("errors", &self.errors)?;
        }
        problem.end()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The kinds of an API for tests.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Kind(u16);

    impl ProblemKind for Kind {
        const MALFORMED: Self = Self(400);
        const TOO_LARGE: Self = Self(413);
        const UNSUPPORTED_MEDIA_TYPE: Self = Self(415);
        const INVALID_PARAMETERS: Self = Self(400);
        const INVALID: Self = Self(422);
        const INTERNAL: Self = Self(500);

        fn status(self) -> u16 {
            self.0
        }

        fn type_uri(self) -> &'static str {
            "urn:test:problem"
        }

        fn title(self) -> &'static str {
            "A problem of the test"
        }
    }

    #[test]
    fn the_detail_says_when_not_all_violations_are_listed() {
        let detail = |count: usize| {
            let mut violations = Violations::default();
            for index in 0..count {
                violations.push(format!("/{index}"), "is required");
            }
            Problem::<Kind>::invalid(violations).detail
        };
        assert_eq!(detail(1), "1 violation; see errors");
        assert_eq!(detail(100), "100 violations; see errors");
        assert_eq!(
            detail(101),
            "more than 100 violations; see the first 100 in errors"
        );
    }

    #[test]
    fn the_document_has_the_standards_members() {
        let mut violations = Violations::default();
        violations.push("/items", "is required");
        let problem = Problem::<Kind> {
            request_id: Some("r-1".into()),
            ..Problem::invalid(violations)
        };
        insta::assert_snapshot!(serde_json::to_string_pretty(&problem).unwrap(), @r#"
        {
          "type": "urn:test:problem",
          "title": "A problem of the test",
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
