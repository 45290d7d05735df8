//! Outages: operations that fail at every call until the outage is ended.

use serde::Deserialize;

use crate::pattern::{Pattern, any_matches};
use crate::rules::{Span, anything};

/// An outage. JSON or YAML:
///
/// ```yaml
/// operations: ["dynamodb:*"]    # default: all
/// functions: [order-worker]     # the calling functions; default: all
/// operator: false               # also calls of no function: orderctl, the AWS CLI, tests
/// milliseconds: [5, 50]         # how long a call takes before it fails; this is the default
/// ```
///
/// Each of these calls is answered with HTTP 503 and has no effect. An outage comes before the rules of a plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    #[serde(default = "anything")]
    operations: Vec<Pattern>,
    #[serde(default = "anything")]
    functions: Vec<Pattern>,
    #[serde(default)]
    operator: bool,
    #[serde(default = "usual_time")]
    pub(super) milliseconds: Span,
}

/// A call takes so long to fail that calls which overlap are noticed.
fn usual_time() -> Span {
    Span::between(5, 50)
}

impl Outage {
    /// Parses an outage; see [`Outage`] for its form. The error names the position.
    pub fn parse(text: &str) -> Result<Self, String> {
        yaml_serde::from_str(text).map_err(|error| format!("the outage cannot be read: {error}"))
    }

    /// Returns true if the outage hits a call. `function` is `None` for a call of the operator.
    pub(super) fn fits(&self, operation: &str, function: Option<&str>) -> bool {
        let from = function.map_or(self.operator, |function| any_matches(&self.functions, function));
        from && any_matches(&self.operations, operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_position_and_the_problem() {
        let error = |text: &str| Outage::parse(text).unwrap_err();
        insta::assert_snapshot!(error("operation: sns"), @"the outage cannot be read: unknown field `operation`, expected one of `operations`, `functions`, `operator`, `milliseconds`");
        insta::assert_snapshot!(error("milliseconds: [5, 1]"), @"the outage cannot be read: [5, 1] must name the shorter time first");
    }
}
