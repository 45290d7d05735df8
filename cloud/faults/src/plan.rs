//! Reading a plan: `events/faults.yaml` is one.

use serde::Deserialize;

use crate::rules::{CallRule, DeliveryRule, KillRule};

/// How often which faults happen. YAML, and therefore JSON too:
///
/// ```yaml
/// seed: 42
/// calls:
///   - operations: ["sqs:*", "dynamodb:BatchExecuteStatement"]   # default: all
///     functions: [order-worker]       # default: all. Whose calls
///     operator: false                 # whether also calls of no function: orderctl, the AWS CLI, tests
///     throttle: 0.02                  # refused, without effect
///     internal_error: 0.01            # HTTP 500; with even odds the effect has happened
///     unavailable: 0.01               # HTTP 503, without effect
///     lost_response: 0.02             # the effect happens, the connection closes without an answer
///     entry_failure: 0.02             # each entry of a batch call alone, without effect
///     delay: {chance: 0.05, milliseconds: [10, 300]}
/// deliveries:
///   - queues: [orders]                # default: all
///     duplicate: 0.02                 # each message: twice, in one batch or in two
///     redelivery: 0.02                # each message: once more although it was done
///     shuffle: 0.2                    # each receive: in another order
/// kills:
///   - functions: [order-worker]       # default: all
///     chance: 0.05                    # each invocation
///     after_milliseconds: [0, 60]     # SIGKILL that long after it began, if it still runs
/// ```
///
/// Every chance is from 0 to 1 and 0 when absent; of each list, the first rule that fits decides.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    pub(super) seed: u64,
    pub(super) calls: Vec<CallRule>,
    pub(super) deliveries: Vec<DeliveryRule>,
    pub(super) kills: Vec<KillRule>,
}

/// Why a text is no plan.
#[derive(Debug, thiserror::Error)]
pub enum FaultPlanError {
    /// It has not the form of one; the reason names the place.
    #[error("the fault plan cannot be read: {0}")]
    Form(#[from] yaml_serde::Error),
    /// A rule's chances of failure sum up to more than 1; holds the rule's number, from 1, and the sum.
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
    /// Reads a plan; see [`FaultPlan`] for its form.
    pub fn parse(text: &str) -> Result<Self, FaultPlanError> {
        let Document {
            seed,
            calls,
            deliveries,
            kills,
        } = yaml_serde::from_str(text)?;
        for (index, rule) in calls.iter().enumerate() {
            // Sums of decimal fractions miss 1 by a hair.
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

    /// The same faults, decided from another seed: a restarted system should not repeat its predecessor's.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The seed that decides.
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
    fn what_is_wrong_is_said_with_its_place() {
        let error = |text: &str| FaultPlan::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(error("seed: 1\ncalls:\n  - throtle: 0.1\n"), @"the fault plan cannot be read: calls[0]: unknown field `throtle`, expected one of `operations`, `functions`, `operator`, `throttle`, `internal_error`, `unavailable`, `lost_response`, `entry_failure`, `delay` at line 3 column 5");
        insta::assert_snapshot!(error("calls: []"), @"the fault plan cannot be read: missing field `seed`");
        insta::assert_snapshot!(error("seed: 1\ncalls:\n  - throttle: 3\n"), @"the fault plan cannot be read: calls[0]: 3 is no chance: it must be from 0 (never) to 1 (always) at line 3 column 5");
        insta::assert_snapshot!(error("{seed: 1, kills: [{chance: 1, after_milliseconds: [9, 1]}]}"), @"the fault plan cannot be read: kills[0]: [9, 1] must name the shorter time first at line 1 column 19");
        insta::assert_snapshot!(error("{seed: 1, calls: [{throttle: 0.1}, {throttle: 0.7, lost_response: 0.4}]}"), @"the fault plan's call rule 2 lets calls fail with a chance of 1.10: throttle, internal_error, unavailable and lost_response must not sum up to more than 1");
    }
}
