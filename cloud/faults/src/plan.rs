//! Reads fault plans. `events/faults.yaml` is an example.

use serde::Deserialize;

use crate::rules::{CallRule, DeliveryRule, KillRule};

/// The chances of all faults. A plan is YAML, or JSON, which is also YAML:
///
/// ```yaml
/// seed: 42
/// calls:
///   - operations: ["sqs:*", "dynamodb:BatchExecuteStatement"]   # default: all
///     functions: [order-worker]       # the calling functions; default: all
///     operator: false                 # also calls of no function: orderctl, the AWS CLI, tests
///     throttle: 0.02                  # throttled, without effect
///     internal_error: 0.01            # HTTP 500; half of these calls have their effect
///     unavailable: 0.01               # HTTP 503, without effect
///     lost_response: 0.02             # the call has its effect, the connection closes without an answer
///     entry_failure: 0.02             # for each entry of a batch call: fails alone, without effect
///     delay: {chance: 0.05, milliseconds: [10, 300]}
/// deliveries:
///   - queues: [orders]                # default: all
///     duplicate: 0.02                 # for each message: delivered twice, in one batch or in two
///     redelivery: 0.02                # for each message: delivered once more although it was processed
///     shuffle: 0.2                    # for each receive: delivered in another order
/// kills:
///   - functions: [order-worker]       # default: all
///     chance: 0.05                    # for each invocation
///     after_milliseconds: [0, 60]     # SIGKILL this long after the start, if the invocation still runs
/// ```
///
/// Every chance is from 0 to 1, and 0 if it is absent. In each list, the first matching rule applies.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    pub(super) seed: u64,
    pub(super) calls: Vec<CallRule>,
    pub(super) deliveries: Vec<DeliveryRule>,
    pub(super) kills: Vec<KillRule>,
}

/// The reason why a text is not a fault plan.
#[derive(Debug, thiserror::Error)]
pub enum FaultPlanError {
    /// It does not have the form of a plan. The reason names the position.
    #[error("the fault plan cannot be read: {0}")]
    Form(#[from] yaml_serde::Error),
    /// The sum of a rule's failure chances is more than 1. Holds the number of the rule, starting at 1, and
    /// the sum.
    #[error(
        "the fault plan's call rule {0} lets calls fail with a chance of {1:.2}: throttle, internal_error, unavailable and lost_response must not sum up to more than 1"
    )]
    MoreThanAlways(usize, f64),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    seed: u64,
    #[serde(default)]
    calls: Vec<CallRule>,
    #[serde(default)]
    deliveries: Vec<DeliveryRule>,
    #[serde(default)]
    kills: Vec<KillRule>,
}

impl FaultPlan {
    /// Parses a plan; see [`FaultPlan`] for its form.
    pub fn parse(text: &str) -> Result<Self, FaultPlanError> {
        let Document {
            seed,
            calls,
            deliveries,
            kills,
        } = yaml_serde::from_str(text)?;
        for (index, rule) in calls.iter().enumerate() {
            // Floating-point sums may be slightly above 1.
            if rule.failure() > 1.0 + 1e-9 {
                return Err(FaultPlanError::MoreThanAlways(index + 1, rule.failure()));
            }
        }
        Ok(Self {
            seed,
            calls,
            deliveries,
            kills,
        })
    }

    /// Returns the same plan with another seed, so that a restarted system does not repeat the faults of the
    /// run before.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The seed of the decisions.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_plan_with_every_kind_of_fault() {
        let plan = FaultPlan::parse(include_str!("../../../events/faults.yaml")).unwrap();
        let rule = &plan.calls[0];
        assert!(rule.failure() > 0.0 && rule.delay.is_some());
        assert!(!plan.deliveries.is_empty() && !plan.kills.is_empty());
    }

    #[test]
    fn json_is_read_too_and_everything_but_the_seed_is_optional() {
        let plan = FaultPlan::parse(r#"{"seed": 3, "calls": [{"throttle": 0.5}]}"#).unwrap();
        assert_eq!(plan.seed(), 3);
        assert!(plan.calls[0].fits("sqs:SendMessage", Some("order-api")));
        assert!(!plan.calls[0].fits("sqs:SendMessage", None));
        assert!(FaultPlan::parse("seed: 1").unwrap().kills.is_empty());
    }

    #[test]
    fn errors_name_the_position_and_the_problem() {
        let error = |text: &str| FaultPlan::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(error("seed: 1\ncalls:\n  - throtle: 0.1\n"), @"the fault plan cannot be read: calls[0]: unknown field `throtle`, expected one of `operations`, `functions`, `operator`, `throttle`, `internal_error`, `unavailable`, `lost_response`, `entry_failure`, `delay` at line 3 column 5");
        insta::assert_snapshot!(error("calls: []"), @"the fault plan cannot be read: missing field `seed`");
        insta::assert_snapshot!(error("seed: 1\ncalls:\n  - throttle: 3\n"), @"the fault plan cannot be read: calls[0]: 3 is no chance: it must be from 0 (never) to 1 (always) at line 3 column 5");
        insta::assert_snapshot!(error("{seed: 1, kills: [{chance: 1, after_milliseconds: [9, 1]}]}"), @"the fault plan cannot be read: kills[0]: [9, 1] must name the shorter time first at line 1 column 19");
        insta::assert_snapshot!(error("{seed: 1, calls: [{throttle: 0.1}, {throttle: 0.7, lost_response: 0.4}]}"), @"the fault plan's call rule 2 lets calls fail with a chance of 1.10: throttle, internal_error, unavailable and lost_response must not sum up to more than 1");
    }
}
