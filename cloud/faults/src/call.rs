//! Faults of AWS calls.

use std::time::Duration;

use fastrand::Rng;

use crate::faults::Faults;
use crate::outage::Outage;
use crate::probability::Probability;

/// The failure of a whole call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Throttled. The call has no effect.
    Throttle,
    /// HTTP 500.
    InternalError {
        /// Whether the call still has its effect. A client that gets an internal error cannot know.
        after_effect: bool,
    },
    /// HTTP 503. The call has no effect.
    Unavailable,
    /// The call has its effect, but the answer does not arrive.
    LostResponse,
    /// HTTP 503 by an outage. The call has no effect.
    Outage,
}

/// The faults of one call.
#[derive(Debug)]
pub struct CallFaults {
    /// How long it is held up before anything else happens.
    pub delay: Option<Duration>,
    /// How it fails as a whole, if it does.
    pub failure: Option<Failure>,
    entry_failure: Probability,
    rng: Rng,
}

impl CallFaults {
    /// Decides whether the next entry of the batch fails alone.
    pub fn entry_fails(&mut self) -> bool {
        self.entry_failure.happens(&mut self.rng)
    }

    /// Returns true if single entries may fail.
    #[must_use]
    pub fn entries_may_fail(&self) -> bool {
        self.entry_failure > Probability::default()
    }
}

impl Faults {
    /// Decides the faults of a call. Returns `None` if no rule applies.
    ///
    /// `operation` has the form `sqs:SendMessage`. `function` is the calling function, or `None` for a call
    /// of the operator.
    #[must_use]
    pub fn call(&self, operation: &str, function: Option<&str>) -> Option<CallFaults> {
        if let Some(outage) = self.find_outage(operation, function) {
            return Some(self.fail_by(&outage, operation));
        }
        let plan = self.plan()?;
        let rule = plan.calls.iter().find(|rule| rule.fits(operation, function))?;
        let mut rng = self.next_rng(plan.seed, operation);
        let delay = rule.delay.and_then(|delay| {
            delay
                .chance
                .happens(&mut rng)
                .then(|| delay.milliseconds.draw(&mut rng))
        });
        // One random number selects at most one of the four failures. Each takes a range as wide as its
        // chance.
        let mut left = rng.f64();
        let after_effect = rng.bool();
        let failure = [
            (rule.throttle, Failure::Throttle),
            (rule.internal_error, Failure::InternalError { after_effect }),
            (rule.unavailable, Failure::Unavailable),
            (rule.lost_response, Failure::LostResponse),
        ]
        .into_iter()
        .find_map(|(probability, failure)| {
            left -= probability.value();
            (left < 0.0).then_some(failure)
        });
        Some(CallFaults {
            delay,
            failure,
            entry_failure: rule.entry_failure,
            rng,
        })
    }

    /// The faults of a call during an outage.
    fn fail_by(&self, outage: &Outage, operation: &str) -> CallFaults {
        let seed = self.plan().map_or(0, |plan| plan.seed);
        let mut rng = self.next_rng(seed, &format!("outage {operation}"));
        CallFaults {
            delay: Some(outage.milliseconds.draw(&mut rng)),
            failure: Some(Failure::Outage),
            entry_failure: Probability::default(),
            rng,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FaultPlan;

    fn faults(plan: &str) -> Faults {
        let faults = Faults::default();
        faults.set(Some(FaultPlan::parse(plan).unwrap()));
        faults
    }

    #[test]
    fn without_a_plan_no_fault_is_injected() {
        assert!(Faults::default().call("sqs:SendMessage", Some("f")).is_none());
        let faults = faults("{seed: 1, calls: [{throttle: 1}]}");
        faults.set(None);
        assert!(faults.call("sqs:SendMessage", Some("f")).is_none());
    }

    #[test]
    fn calls_of_the_operator_have_faults_only_if_the_rule_says_so() {
        let spared = faults("{seed: 1, calls: [{throttle: 1}]}");
        assert!(spared.call("sqs:SendMessage", None).is_none());
        let hit = faults("{seed: 1, calls: [{throttle: 1, operator: true, functions: []}]}");
        assert_eq!(
            hit.call("sqs:SendMessage", None).unwrap().failure,
            Some(Failure::Throttle)
        );
        assert!(hit.call("sqs:SendMessage", Some("f")).is_none());
    }

    #[test]
    fn the_first_matching_rule_applies() {
        let faults =
            faults("{seed: 1, calls: [{operations: ['sqs:*'], unavailable: 1}, {lost_response: 1}]}");
        let failure = |operation| faults.call(operation, Some("f")).unwrap().failure;
        assert_eq!(failure("sqs:SendMessage"), Some(Failure::Unavailable));
        assert_eq!(failure("sns:Publish"), Some(Failure::LostResponse));
    }

    #[test]
    fn each_kind_has_its_share_and_a_seed_gives_the_same_faults_again() {
        let plan =
            "{seed: 9, calls: [{throttle: 0.1, internal_error: 0.2, unavailable: 0.1, lost_response: 0.2}]}";
        let run = || {
            let faults = faults(plan);
            let failure = |_| faults.call("sqs:SendMessage", Some("f")).unwrap().failure;
            (0..10_000).map(failure).collect::<Vec<_>>()
        };
        let failures = run();
        let share = |is: fn(&Failure) -> bool| failures.iter().flatten().filter(|f| is(f)).count();
        for (count, expected) in [
            (share(|f| *f == Failure::Throttle), 1000),
            (
                share(|f| *f == Failure::InternalError { after_effect: true }),
                1000,
            ),
            (
                share(|f| *f == Failure::InternalError { after_effect: false }),
                1000,
            ),
            (share(|f| *f == Failure::Unavailable), 1000),
            (share(|f| *f == Failure::LostResponse), 2000),
        ] {
            assert!(count.abs_diff(expected) < 150, "{count} of {expected}");
        }
        assert_eq!(run(), failures);
    }

    #[test]
    fn an_outage_takes_every_call_until_it_ends_and_needs_no_plan() {
        let faults = Faults::default();
        let table = Outage::parse("operations: ['dynamodb:*']\nfunctions: [worker]").unwrap();
        faults.begin_outage("table", table);
        let failure = |operation, function| faults.call(operation, function).and_then(|call| call.failure);
        for _ in 0..100 {
            assert_eq!(failure("dynamodb:GetItem", Some("worker")), Some(Failure::Outage));
        }
        assert_eq!(failure("dynamodb:GetItem", Some("api")), None);
        assert_eq!(failure("dynamodb:GetItem", None), None);
        assert_eq!(failure("sns:Publish", Some("worker")), None);
        assert_eq!(faults.outages(), ["table"]);
        assert!(!faults.active(), "an outage is no plan");

        assert!(faults.end_outage("table") && !faults.end_outage("table"));
        assert_eq!(failure("dynamodb:GetItem", Some("worker")), None);
    }

    #[test]
    fn an_outage_comes_before_the_plan_and_leaves_it_in_force() {
        let faults = Faults::default();
        faults.set(Some(
            FaultPlan::parse("{seed: 1, calls: [{throttle: 1}]}").unwrap(),
        ));
        faults.begin_outage("all", Outage::parse("{}").unwrap());
        let failure = || faults.call("sns:Publish", Some("worker")).unwrap().failure;
        assert_eq!(failure(), Some(Failure::Outage));
        faults.end_outage("all");
        assert_eq!(failure(), Some(Failure::Throttle));
    }
}
