//! Telling people what the API refused.

use reqwest::StatusCode;
use serde::Deserialize;

use terminal::text::sanitize;

/// As much of a problem document (RFC 9457) as people are shown. Everything is optional: a gateway's own errors are
/// other JSON, or none.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    request_id: Option<String>,
    #[serde(default)]
    errors: Vec<Violation>,
    /// What API Gateway says instead of all that.
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    pointer: Option<String>,
    parameter: Option<String>,
    detail: String,
}

impl Violation {
    fn describe(self) -> String {
        let place = self.pointer.or(self.parameter).filter(|place| !place.is_empty());
        format!("  {}: {}", place.as_deref().unwrap_or("/"), self.detail)
    }
}

/// The text of a refusal, several lines where there are several violations.
pub fn describe(status: StatusCode, body: &[u8]) -> String {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let title = problem
        .title
        .or(problem.message)
        .unwrap_or_else(|| "the API refused".to_owned());
    let mut lines = vec![format!("{title} ({})", status.as_u16())];
    lines.extend(problem.detail);
    lines.extend(problem.errors.into_iter().map(Violation::describe));
    lines.extend(problem.request_id.map(|id| format!("request {id}")));
    sanitize(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_is_shown() {
        let body = br#"{"type": "urn:orders:problem:invalid", "title": "The content is not valid", "status": 422,
            "detail": "2 rules are broken.", "request_id": "r-1",
            "errors": [{"pointer": "/items/0/quantity", "detail": "must be 1 to 10,000"}, {"pointer": "", "detail": "x"},
            {"parameter": "limit", "detail": "y"}]}"#;
        insta::assert_snapshot!(describe(StatusCode::UNPROCESSABLE_ENTITY, body), @r"
        The content is not valid (422)
        2 rules are broken.
          /items/0/quantity: must be 1 to 10,000
          /: x
          limit: y
        request r-1
        ");
    }

    #[test]
    fn a_gateways_own_answer_is_shown_too() {
        let body = br#"{"message": "Internal server error"}"#;
        assert_eq!(
            describe(StatusCode::BAD_GATEWAY, body),
            "Internal server error (502)"
        );
        assert_eq!(
            describe(StatusCode::BAD_GATEWAY, b"<html>"),
            "the API refused (502)"
        );
    }
}
