//! What a run came to.

use std::fmt::Write;

use local_cloud::faults::FaultKind;

use crate::faults::{self, Injected};

/// What happened, and whether it was survived.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Orders that were to be accepted.
    pub(super) expected: u64,
    /// Orders that were.
    pub(super) accepted: u64,
    /// How often everything was killed.
    pub(super) system_kills: u64,
    /// Accepted orders that had become dead letters, and were put back on their queue.
    pub(super) replayed: u64,
    /// Those of them that had tries left.
    pub(super) buried_too_early: Vec<String>,
    /// Whether the comparison found everything as it was promised.
    pub(super) verified: bool,
    /// How many functions were to be killed.
    wanted_kills: u64,
    injected: Injected,
}

/// The functions that work on batches: what dies with one of their processes is work that is half done.
const BATCH_FUNCTIONS: [&str; 2] = ["order-worker", "notifier"];
/// Dead letters that are told of by name.
const SHOWN: usize = 10;

/// How many processes were killed in the middle of a batch.
pub(super) fn function_kills(injected: &Injected) -> u64 {
    let kills = BATCH_FUNCTIONS
        .iter()
        .map(|function| kills_of(injected, function));
    kills.sum()
}

fn kills_of(injected: &Injected, function: &str) -> u64 {
    let kills = injected.get(FaultKind::Kill.name());
    kills.and_then(|kills| kills.get(function)).copied().unwrap_or(0)
}

fn of_kind(injected: &Injected, kind: FaultKind) -> u64 {
    injected.get(kind.name()).map_or(0, |hit| hit.values().sum())
}

impl Outcome {
    pub(super) fn new(wanted_kills: u64) -> Self {
        Self {
            wanted_kills,
            ..Self::default()
        }
    }

    /// Adds what one incarnation of the system had counted. What it did in its last moment is not known.
    pub(super) fn add(&mut self, injected: &Injected) {
        for (kind, hit) in injected {
            let sums = self.injected.entry(kind.clone()).or_default();
            for (subject, count) in hit {
                *sums.entry(subject.clone()).or_default() += count;
            }
        }
    }

    pub(super) fn function_kills(&self) -> u64 {
        function_kills(&self.injected)
    }

    /// Whether everything has gone wrong that should, with what the system that runs now has counted.
    pub(super) fn happened_with(&self, injected: &Injected) -> bool {
        let mut sums = Self {
            injected: self.injected.clone(),
            ..Self::default()
        };
        sums.add(injected);
        sums.function_kills() >= self.wanted_kills && sums.missing().is_empty()
    }

    /// What did not happen once: without it the run shows nothing about it.
    fn missing(&self) -> Vec<String> {
        let kinds = FaultKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| of_kind(&self.injected, *kind) == 0);
        let spared = BATCH_FUNCTIONS
            .iter()
            .filter(|name| kills_of(&self.injected, name) == 0);
        kinds
            .map(|kind| kind.name().to_owned())
            .chain(spared.map(|name| format!("kill of {name}")))
            .collect()
    }

    pub(super) fn is_right(&self) -> bool {
        self.verified
            && self.accepted == self.expected
            && self.buried_too_early.is_empty()
            && self.happened_with(&Injected::new())
    }

    /// The report, without what the comparison has said already.
    pub(super) fn describe(&self) -> String {
        let mut text = String::from("\nWhat went wrong on purpose, at least:\n\n");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>7}  kill -9 of everything", self.system_kills);
        let _ = writeln!(text, "{}\n", faults::table(&self.injected));
        let _ = writeln!(
            text,
            "{} accepted orders had become dead letters, and were replayed.",
            self.replayed
        );
        for letter in self.buried_too_early.iter().take(SHOWN) {
            let _ = writeln!(text, "Given up too early: {letter}");
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
                "Only {kills} of {wanted} functions were killed in the middle of a batch: place more orders, or raise the plan's chances."
            );
        }
        if !self.missing().is_empty() {
            let _ = writeln!(text, "Did not happen: {}.", self.missing().join(", "));
        }
        text.push_str(if self.is_right() {
            "Nothing was lost, doubled, changed or left untold."
        } else {
            "The run does not show what it should."
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
        insta::assert_snapshot!(outcome.describe(), @r"

        What went wrong on purpose, at least:

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

        0 accepted orders had become dead letters, and were replayed.
        Nothing was lost, doubled, changed or left untold.
        ");
    }

    /// A function without a batch has nothing half done, and one batch function does not stand for the other.
    #[test]
    fn only_kills_in_the_middle_of_a_batch_count() {
        for [worker, notifier, api] in [[19, 0, 9], [0, 0, 20], [20, 0, 0], [0, 20, 0], [10, 9, 1]] {
            let mut outcome = Outcome::new(20);
            outcome.add(&injected(&FaultKind::ALL));
            let counts = [worker, notifier, api];
            assert!(!outcome.happened_with(&kills(counts)), "{counts:?}");
        }
        let mut outcome = Outcome::new(20);
        outcome.add(&injected(&FaultKind::ALL));
        assert!(outcome.happened_with(&kills([19, 1, 0])));
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
                buried_too_early: vec!["o-1: ThrottlingError at try 1 of 12".to_owned()],
                ..right()
            }
            .is_right()
        );
        let mut quiet = Outcome {
            expected: 7,
            accepted: 6,
            replayed: 2,
            buried_too_early: vec!["o-1: ThrottlingError at try 1 of 12".to_owned()],
            verified: true,
            ..Outcome::new(20)
        };
        quiet.add(&injected(&FaultKind::ALL[..8]));
        assert!(!quiet.is_right());
        insta::assert_snapshot!(quiet.describe(), @r"

        What went wrong on purpose, at least:

              0  kill -9 of everything
             10  delay          x
             10  duplicate      x
             10  entry_failure  x
             10  internal_error x
             10  lost_response  x
             10  redelivery     x
             10  throttle       x
             10  unavailable    x

        2 accepted orders had become dead letters, and were replayed.
        Given up too early: o-1: ThrottlingError at try 1 of 12
        6 of 7 orders were accepted.
        Only 0 of 20 functions were killed in the middle of a batch: place more orders, or raise the plan's chances.
        Did not happen: shuffle, kill, kill of order-worker, kill of notifier.
        The run does not show what it should.
        ");
    }
}
