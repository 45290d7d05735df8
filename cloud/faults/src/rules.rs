//! The rules of a fault plan. In each list, the first matching rule applies.

use std::time::Duration;

use fastrand::Rng;
use serde::Deserialize;

use crate::pattern::{Pattern, any_matches};
use crate::probability::Probability;

pub(super) fn anything() -> Vec<Pattern> {
    vec![Pattern::any()]
}

/// Faults of calls to the AWS endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallRule {
    #[serde(default = "anything")]
    operations: Vec<Pattern>,
    #[serde(default = "anything")]
    functions: Vec<Pattern>,
    #[serde(default)]
    operator: bool,
    #[serde(default)]
    pub(super) throttle: Probability,
    #[serde(default)]
    pub(super) internal_error: Probability,
    #[serde(default)]
    pub(super) unavailable: Probability,
    #[serde(default)]
    pub(super) lost_response: Probability,
    #[serde(default)]
    pub(super) entry_failure: Probability,
    #[serde(default)]
    pub(super) delay: Option<Delay>,
}

impl CallRule {
    /// Returns true if the rule applies to a call. `function` is `None` for a call of the operator.
    pub(super) fn fits(&self, operation: &str, function: Option<&str>) -> bool {
        let from = function.map_or(self.operator, |function| any_matches(&self.functions, function));
        from && any_matches(&self.operations, operation)
    }

    /// The chance that a call fails as a whole. A call has at most one of these four failures.
    pub(super) fn failure(&self) -> f64 {
        [
            self.throttle,
            self.internal_error,
            self.unavailable,
            self.lost_response,
        ]
        .map(Probability::value)
        .iter()
        .sum()
    }
}

/// A delay of a call.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delay {
    pub(super) chance: Probability,
    pub(super) milliseconds: Span,
}

/// Faults of deliveries from a queue to its function.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryRule {
    #[serde(default = "anything")]
    pub(super) queues: Vec<Pattern>,
    #[serde(default)]
    pub(super) duplicate: Probability,
    #[serde(default)]
    pub(super) redelivery: Probability,
    #[serde(default)]
    pub(super) shuffle: Probability,
}

/// Kills of processes during an invocation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KillRule {
    #[serde(default = "anything")]
    pub(super) functions: Vec<Pattern>,
    pub(super) chance: Probability,
    pub(super) after_milliseconds: Span,
}

/// A range of durations in milliseconds. Both ends are included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "[u64; 2]")]
pub(super) struct Span {
    from: u64,
    to: u64,
}

impl Span {
    /// The range from the shorter time to the longer one.
    pub(super) const fn between(from: u64, to: u64) -> Self {
        Self { from, to }
    }

    pub(super) fn draw(self, rng: &mut Rng) -> Duration {
        Duration::from_millis(rng.u64(self.from..=self.to))
    }
}

impl TryFrom<[u64; 2]> for Span {
    type Error = String;

    fn try_from([from, to]: [u64; 2]) -> Result<Self, Self::Error> {
        if from <= to {
            Ok(Self { from, to })
        } else {
            Err(format!("[{from}, {to}] must name the shorter time first"))
        }
    }
}
