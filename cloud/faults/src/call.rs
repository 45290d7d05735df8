//! What happens to a call.

use std::time::Duration;

use fastrand::Rng;

use crate::faults::Faults;
use crate::probability::Probability;

/// How a call fails as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Refused for its rate, without effect.
    Throttle,
    /// HTTP 500.
    InternalError {
        /// Whether the effect happens all the same: whoever is told of an internal error cannot know.
        after_effect: bool,
    },
    /// HTTP 503, without effect.
    Unavailable,
    /// The effect happens, the answer never arrives.
    LostResponse,
}

/// What is to happen to one call.
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
    /// Whether the next entry of the batch fails alone.
    pub fn entry_fails(&mut self) -> bool {
        self.entry_failure.happens(&mut self.rng)
    }

    /// Whether any entry may fail alone.
    #[must_use]
    pub fn entries_may_fail(&self) -> bool {
        self.entry_failure > Probability::default()
    }
}

impl Faults {
    /// Decides on a call, `None` if it is to be left alone.
    ///
    /// `operation` is spelt `sqs:SendMessage`; `function` is whose call it is, `None` for an operator's.
    #[must_use]
    pub fn call(&self, operation: &str, function: Option<&str>) -> Option<CallFaults> {
        let plan = self.plan()?;
        let rule = plan.calls.iter().find(|rule| rule.fits(operation, function))?;
        let mut rng = self.next_rng(plan.seed, operation);
        let delay = rule.delay.and_then(|delay| {
            delay
                .chance
                .happens(&mut rng)
                .then(|| delay.milliseconds.draw(&mut rng))
        });
        // One draw falls into one of four adjoining ranges, or behind them.
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
    fn without_a_plan_nothing_happens() {
        assert!(Faults::default().call("sqs:SendMessage", Some("f")).is_none());
        let faults = faults("{seed: 1, calls: [{throttle: 1}]}");
        faults.set(None);
        assert!(faults.call("sqs:SendMessage", Some("f")).is_none());
    }

    #[test]
    fn an_operator_is_spared_unless_the_rule_names_him() {
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
    fn the_first_rule_that_fits_decides() {
        let faults =
            faults("{seed: 1, calls: [{operations: ['sqs:*'], unavailable: 1}, {lost_response: 1}]}");
        let failure = |operation| faults.call(operation, Some("f")).unwrap().failure;
        assert_eq!(failure("sqs:SendMessage"), Some(Failure::Unavailable));
        assert_eq!(failure("sns:Publish"), Some(Failure::LostResponse));
    }

    #[test]
    fn each_kind_has_its_share_and_a_seed_repeats_itself() {
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
}
