//! Error responses of the API, formatted for people.

use reqwest::StatusCode;
use serde::Deserialize;

use terminal::text::sanitize;

/// The fields of a problem document (RFC 9457) that people are shown. All are optional, since API Gateway's own errors are
/// other JSON or none.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    request_id: Option<String>,
    #[serde(default)]
    errors: Vec<Violation>,
    /// The only field of API Gateway's own errors.
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    pointer: Option<String>,
    parameter: Option<String>,
    detail: String,
}

impl Violation {
    fn format(self) -> String {
        let location = self
            .pointer
            .or(self.parameter)
            .filter(|location| !location.is_empty());
        format!("  {}: {}", location.as_deref().unwrap_or("/"), self.detail)
    }
}

/// Formats an error response: title and status, detail, one line for each violation, and the request id.
#[must_use]
pub fn format_problem(status: StatusCode, body: &[u8]) -> String {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let title = problem
        .title
        .or(problem.message)
        .unwrap_or_else(|| "the API refused".to_owned());
    let mut lines = vec![format!("{title} ({})", status.as_u16())];
    lines.extend(problem.detail);
    lines.extend(problem.errors.into_iter().map(Violation::format));
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
        insta::assert_snapshot!(format_problem(StatusCode::UNPROCESSABLE_ENTITY, body), @r"
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
            format_problem(StatusCode::BAD_GATEWAY, body),
            "Internal server error (502)"
        );
        assert_eq!(
            format_problem(StatusCode::BAD_GATEWAY, b"<html>"),
            "the API refused (502)"
        );
    }
}
