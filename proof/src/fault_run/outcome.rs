//! The result of a fault run.

use std::collections::BTreeSet;
use std::fmt::Write;

use cloud_faults::FaultKind;
use serde_json::{Value, json};

use crate::faults::{self, Injected};

/// The injected faults, and whether the system kept its promises.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The number of orders that were placed.
    pub(super) expected: u64,
    /// The number of orders that were accepted.
    pub(super) accepted: u64,
    /// How often the whole system was killed.
    pub(super) system_kills: u64,
    /// The number of accepted orders that became dead letters and were replayed.
    pub(super) replayed: u64,
    /// Those of them that had receives left: their orders and reasons.
    pub(super) dead_lettered_early: Vec<String>,
    /// The alarms that rang.
    pub(super) rung: BTreeSet<String>,
    /// The alarms that the faults must cause.
    pub(super) must_ring: BTreeSet<String>,
    /// Whether `verify` succeeded.
    pub(super) verified: bool,
    /// The number of functions to kill.
    wanted_kills: u64,
    injected: Injected,
}

/// The functions that process batches. Only a kill of one of them can interrupt a batch.
const BATCH_FUNCTIONS: [&str; 2] = ["order-worker", "notifier"];
/// The number of dead letters that are printed.
const SHOWN: usize = 10;

/// The number of processes that were killed in the middle of a batch.
pub(super) fn count_function_kills(injected: &Injected) -> u64 {
    let kills = BATCH_FUNCTIONS
        .iter()
        .map(|function| count_kills_of(injected, function));
    kills.sum()
}

fn count_kills_of(injected: &Injected, function: &str) -> u64 {
    let kills = injected.get(FaultKind::Kill.name());
    kills.and_then(|kills| kills.get(function)).copied().unwrap_or(0)
}

fn count_kind(injected: &Injected, kind: FaultKind) -> u64 {
    injected.get(kind.name()).map_or(0, |hit| hit.values().sum())
}

impl Outcome {
    pub(super) fn new(wanted_kills: u64) -> Self {
        Self {
            wanted_kills,
            ..Self::default()
        }
    }

    /// The result as `fault-run --json` prints it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "right": self.is_right(),
            "expected": self.expected,
            "accepted": self.accepted,
            "system_kills": self.system_kills,
            "function_kills": self.function_kills(),
            "replayed": self.replayed,
            "dead_lettered_early": self.dead_lettered_early,
            "verified": self.verified,
            "alarms_rung": self.rung,
            "alarms_missing": self.missing_alarms(),
            "missing_faults": self.missing_faults(),
            "injected": self.injected,
        })
    }

    /// Adds the counts of one start of the system. Faults after the last reading are not counted.
    pub(super) fn add(&mut self, injected: &Injected) {
        for (kind, hit) in injected {
            let sums = self.injected.entry(kind.clone()).or_default();
            for (subject, count) in hit {
                *sums.entry(subject.clone()).or_default() += count;
            }
        }
    }

    pub(super) fn function_kills(&self) -> u64 {
        count_function_kills(&self.injected)
    }

    /// Whether every fault has happened, together with the counts of the running system.
    pub(super) fn is_covered_with(&self, injected: &Injected) -> bool {
        let mut sums = Self {
            injected: self.injected.clone(),
            ..Self::default()
        };
        sums.add(injected);
        sums.function_kills() >= self.wanted_kills && sums.missing_faults().is_empty()
    }

    /// The faults that have not happened. The run shows nothing about them.
    fn missing_faults(&self) -> Vec<String> {
        let kinds = FaultKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| count_kind(&self.injected, *kind) == 0);
        let functions_without_kill = BATCH_FUNCTIONS
            .iter()
            .filter(|name| count_kills_of(&self.injected, name) == 0);
        kinds
            .map(|kind| kind.name().to_owned())
            .chain(functions_without_kill.map(|name| format!("kill of {name}")))
            .collect()
    }

    /// The alarms that did not ring although they must.
    fn missing_alarms(&self) -> Vec<&str> {
        self.must_ring
            .difference(&self.rung)
            .map(String::as_str)
            .collect()
    }

    pub(super) fn is_right(&self) -> bool {
        self.verified
            && self.missing_alarms().is_empty()
            && self.accepted == self.expected
            && self.dead_lettered_early.is_empty()
            && self.is_covered_with(&Injected::new())
    }

    /// The report. `verify` has printed its own one before.
    pub(super) fn format(&self) -> String {
        let mut text = String::from("\nFaults that were injected, at least:\n\n");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>7}  kill -9 of everything", self.system_kills);
        let _ = writeln!(text, "{}\n", faults::format_injected(&self.injected));
        let _ = writeln!(
            text,
            "{} accepted orders had become dead letters and were replayed.",
            self.replayed
        );
        for letter in self.dead_lettered_early.iter().take(SHOWN) {
            let _ = writeln!(text, "Became a dead letter too early: {letter}");
        }
        if self.accepted != self.expected {
            let _ = writeln!(
                text,
                "{} of {} orders were accepted.",
                self.accepted, self.expected
            );
        }
        if self.function_kills() < self.wanted_kills {
            let (kills, wanted) = (self.function_kills(), self.wanted_kills);
            let _ = writeln!(
                text,
                "Only {kills} of {wanted} functions were killed in the middle of a batch: place more orders, or raise the plan's probabilities."
            );
        }
        if !self.missing_faults().is_empty() {
            let _ = writeln!(text, "Did not happen: {}.", self.missing_faults().join(", "));
        }
        let rung: Vec<&str> = self.rung.iter().map(String::as_str).collect();
        let _ = match &rung[..] {
            [] => writeln!(text, "No alarm rang."),
            rung => writeln!(text, "Alarms that rang: {}.", rung.join(", ")),
        };
        if !self.missing_alarms().is_empty() {
            let _ = writeln!(text, "Did not ring: {}.", self.missing_alarms().join(", "));
        }
        text.push_str(if self.is_right() {
            "Nothing was lost, doubled, changed or left without a notification."
        } else {
            "The run has failed: see above."
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(kinds: &[FaultKind]) -> Injected {
        let hit = |kind: &FaultKind| (kind.name().to_owned(), [("x".to_owned(), 10)].into());
        kinds.iter().map(hit).collect()
    }

    /// Of order-worker, notifier and order-api.
    fn kills(counts: [u64; 3]) -> Injected {
        let names = ["order-worker", "notifier", "order-api"].map(str::to_owned);
        [("kill".to_owned(), names.into_iter().zip(counts).collect())].into()
    }

    fn right() -> Outcome {
        let mut outcome = Outcome {
            expected: 7,
            accepted: 7,
            system_kills: 2,
            verified: true,
            rung: ["NotifierErrorsAlarm", "OrdersDlqAlarm"]
                .map(str::to_owned)
                .into(),
            must_ring: ["OrdersDlqAlarm"].map(str::to_owned).into(),
            ..Outcome::new(20)
        };
        outcome.add(&injected(&FaultKind::ALL));
        outcome.add(&kills([12, 8, 300]));
        outcome
    }

    #[test]
    fn a_run_is_right_when_everything_happened_and_nothing_was_lost() {
        let outcome = right();
        assert!(outcome.is_right());
        insta::assert_snapshot!(outcome.format(), @r"

        Faults that were injected, at least:

              2  kill -9 of everything
             10  delay          x
             10  duplicate      x
             10  entry_failure  x
             10  internal_error x
              8  kill           notifier
            300  kill           order-api
             12  kill           order-worker
             10  kill           x
             10  lost_response  x
             10  redelivery     x
             10  shuffle        x
             10  throttle       x
             10  unavailable    x

        0 accepted orders had become dead letters and were replayed.
        Alarms that rang: NotifierErrorsAlarm, OrdersDlqAlarm.
        Nothing was lost, doubled, changed or left without a notification.
        ");
    }

    /// A function without a batch has nothing half done, and one batch function does not stand for the other.
    #[test]
    fn only_kills_in_the_middle_of_a_batch_count() {
        for [worker, notifier, api] in [[19, 0, 9], [0, 0, 20], [20, 0, 0], [0, 20, 0], [10, 9, 1]] {
            let mut outcome = Outcome::new(20);
            outcome.add(&injected(&FaultKind::ALL));
            let counts = [worker, notifier, api];
            assert!(!outcome.is_covered_with(&kills(counts)), "{counts:?}");
        }
        let mut outcome = Outcome::new(20);
        outcome.add(&injected(&FaultKind::ALL));
        assert!(outcome.is_covered_with(&kills([19, 1, 0])));
    }

    #[test]
    fn a_run_that_shows_less_is_not_right() {
        assert!(
            !Outcome {
                verified: false,
                ..right()
            }
            .is_right()
        );
        assert!(
            !Outcome {
                accepted: 6,
                ..right()
            }
            .is_right()
        );
        assert!(
            !Outcome {
                wanted_kills: 21,
                ..right()
            }
            .is_right()
        );
        assert!(
            !Outcome {
                dead_lettered_early: vec!["o-1: ThrottlingError at receive 1 of 12".to_owned()],
                ..right()
            }
            .is_right()
        );
        assert!(
            !Outcome {
                rung: BTreeSet::new(),
                ..right()
            }
            .is_right()
        );
        let mut quiet = Outcome {
            must_ring: ["OrdersDlqAlarm"].map(str::to_owned).into(),
            expected: 7,
            accepted: 6,
            replayed: 2,
            dead_lettered_early: vec!["o-1: ThrottlingError at receive 1 of 12".to_owned()],
            verified: true,
            ..Outcome::new(20)
        };
        quiet.add(&injected(&FaultKind::ALL[..8]));
        assert!(!quiet.is_right());
        insta::assert_snapshot!(quiet.format(), @r"

        Faults that were injected, at least:

              0  kill -9 of everything
             10  delay          x
             10  duplicate      x
             10  entry_failure  x
             10  internal_error x
             10  lost_response  x
             10  redelivery     x
             10  throttle       x
             10  unavailable    x

        2 accepted orders had become dead letters and were replayed.
        Became a dead letter too early: o-1: ThrottlingError at receive 1 of 12
        6 of 7 orders were accepted.
        Only 0 of 20 functions were killed in the middle of a batch: place more orders, or raise the plan's probabilities.
        Did not happen: shuffle, kill, kill of order-worker, kill of notifier.
        No alarm rang.
        Did not ring: OrdersDlqAlarm.
        The run has failed: see above.
        ");
    }
}
