//! The result of outages.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use terminal::table::format_table;

use super::scale::Scale;
use crate::outages::OutageTarget;

/// The full rate must be reached this long after the return of the service, in seconds of the queues' clock.
const FULL_RATE_WITHIN_SECONDS: f64 = 60.0;
/// The least share of the full rate at which the whole backlog drains.
const LEAST_SHARE: f64 = 0.5;
/// The most calls of one process to the dead service that may be in flight.
const MAX_CALLS_IN_FLIGHT: u64 = 1;

/// Which functions ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// Those of this program.
    This,
    /// Those of `--baseline`.
    Baseline,
}

impl Build {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::This => "this build",
            Self::Baseline => "the baseline",
        }
    }
}

/// The result of one outage.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) build: Build,
    pub(super) target: OutageTarget,
    /// The number of orders that were accepted, those of the measurement of the full rate included.
    pub(super) accepted: u64,
    pub(super) expected: u64,
    /// Whether the rates decide too.
    pub(super) rates_judged: bool,
    /// The number of messages in the dead-letter queues at the end.
    pub(super) dead_letters: u64,
    /// Whether `verify` found every promise kept. None if it did not run.
    pub(super) verified: Option<bool>,
    /// The alarms that rang while the service was away, and those that must.
    pub(super) rung: BTreeSet<String>,
    pub(super) must_ring: BTreeSet<String>,
    /// How often an invocation held its batch while the service was away, and whether one must have.
    pub(super) held_batches: u64,
    pub(super) must_hold: bool,
    pub(super) outage_seconds: f64,
    /// The messages that waited when the service came back.
    pub(super) backlog: u64,
    /// The calls of the consumers to the dead service.
    pub(super) calls: u64,
    /// The largest number of calls to the dead service that one process had in flight.
    pub(super) max_calls_in_flight: u64,
    /// The largest number of messages in flight, and their limit.
    pub(super) max_in_flight: u64,
    pub(super) in_flight_limit: u64,
    /// Messages a second of the machine, without an outage.
    pub(super) full_rate: f64,
    /// When the full rate was reached again, in seconds of the queues' clock after the return.
    pub(super) full_rate_after: Option<f64>,
    /// Messages a second of the machine, until nine tenths of the backlog were gone.
    pub(super) drain_rate: Option<f64>,
    /// When the backlog was empty.
    pub(super) drained_after: Option<f64>,
}

impl Outcome {
    /// The promises that were broken.
    fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        if self.accepted != self.expected {
            violations.push(format!(
                "{} of {} orders were accepted",
                self.accepted, self.expected
            ));
        }
        if self.verified == Some(false) {
            violations
                .push("verify found an order that is lost, doubled, changed or not notified".to_owned());
        }
        if self.dead_letters > 0 {
            violations.push(format!("{} messages became dead letters", self.dead_letters));
        }
        if let missing = self.missing_alarms()
            && !missing.is_empty()
        {
            violations.push(format!("did not ring: {}", missing.join(", ")));
        }
        if self.must_hold && self.held_batches == 0 {
            violations.push("no invocation held its batch until the service was back".to_owned());
        }
        if self.max_calls_in_flight > MAX_CALLS_IN_FLIGHT {
            let calls = self.max_calls_in_flight;
            violations.push(format!(
                "one process had {calls} calls to the dead service in flight"
            ));
        }
        if self.max_in_flight >= self.in_flight_limit {
            violations.push(format!(
                "the limit of {} messages in flight was reached",
                self.in_flight_limit
            ));
        }
        if self.rates_judged
            && self
                .full_rate_after
                .is_none_or(|after| after > FULL_RATE_WITHIN_SECONDS)
        {
            violations.push(format!(
                "the full rate was not reached within {FULL_RATE_WITHIN_SECONDS} s"
            ));
        }
        if self.drained_after.is_none() {
            violations.push("the backlog did not drain".to_owned());
        } else if self.rates_judged
            && self
                .drain_rate
                .is_none_or(|rate| rate < self.full_rate * LEAST_SHARE)
        {
            violations.push("the backlog drained at less than half of the full rate".to_owned());
        }
        violations
    }

    /// The alarms that did not ring although they must.
    fn missing_alarms(&self) -> Vec<&str> {
        self.must_ring
            .difference(&self.rung)
            .map(String::as_str)
            .collect()
    }

    pub(super) fn is_right(&self) -> bool {
        self.violations().is_empty()
    }

    fn to_json(&self) -> Value {
        json!({
            "build": match self.build { Build::This => "this", Build::Baseline => "baseline" },
            "target": self.target.name(),
            "right": self.is_right(),
            "violations": self.violations(),
            "accepted": self.accepted,
            "expected": self.expected,
            "rates_judged": self.rates_judged,
            "dead_letters": self.dead_letters,
            "verified": self.verified,
            "alarms_rung": self.rung,
            "alarms_missing": self.missing_alarms(),
            "held_batches": self.held_batches,
            "outage_seconds": self.outage_seconds,
            "backlog": self.backlog,
            "calls": self.calls,
            "max_calls_in_flight_of_a_process": self.max_calls_in_flight,
            "max_in_flight": self.max_in_flight,
            "in_flight_limit": self.in_flight_limit,
            "full_rate_per_second": self.full_rate,
            "full_rate_after_seconds": self.full_rate_after,
            "drain_rate_per_second": self.drain_rate,
            "drained_after_seconds": self.drained_after,
        })
    }

    fn row(&self) -> [String; 11] {
        let seconds = |value: Option<f64>| value.map_or("never".to_owned(), |value| format!("{value:.0} s"));
        let rate = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        [
            self.target.name().to_owned(),
            self.build.name().to_owned(),
            self.accepted.to_string(),
            self.dead_letters.to_string(),
            self.calls.to_string(),
            self.max_calls_in_flight.to_string(),
            format!("{} of {}", self.max_in_flight, self.in_flight_limit),
            format!("{:.1}", self.full_rate),
            rate(self.drain_rate),
            seconds(self.full_rate_after),
            seconds(self.drained_after),
        ]
    }
}

/// The result of all outages.
#[derive(Debug)]
pub(super) struct Report {
    scale: Scale,
    pub(super) outcomes: Vec<Outcome>,
}

impl Report {
    pub(super) fn new(scale: Scale) -> Self {
        Self {
            scale,
            outcomes: Vec::new(),
        }
    }

    /// Whether this build kept every promise. The baseline is there to compare.
    pub(super) fn is_right(&self) -> bool {
        let mut of_this = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.build == Build::This);
        of_this.all(Outcome::is_right)
    }

    /// The result as `fault-run --outage --json` prints it.
    pub(super) fn to_json(&self) -> Value {
        let scale = self.scale;
        json!({
            "right": self.is_right(),
            "scale": {
                "outage_seconds": scale.outage.as_secs(),
                "speed": scale.speed,
                "orders": scale.orders,
                "represented_orders": scale.represented_orders(),
                "max_in_flight": scale.max_in_flight(),
                "visibility_timeout_seconds": scale.visibility_timeout(),
            },
            "outcomes": self.outcomes.iter().map(Outcome::to_json).collect::<Vec<_>>(),
        })
    }

    pub(super) fn format(&self) -> String {
        let head = [
            "AWAY",
            "FUNCTIONS",
            "ORDERS",
            "DEAD",
            "CALLS",
            "AT ONCE",
            "IN FLIGHT",
            "FULL/S",
            "DRAIN/S",
            "FULL AFTER",
            "EMPTY AFTER",
        ];
        let rows: Vec<_> = self.outcomes.iter().map(Outcome::row).collect();
        let mut text = format!("{}\n\n{}\n", self.scale.describe(), format_table(head, &rows));
        for outcome in &self.outcomes {
            let (target, build) = (outcome.target.name(), outcome.build.name());
            let rung: Vec<&str> = outcome.rung.iter().map(String::as_str).collect();
            // Writing to a string cannot fail.
            let _ = match &rung[..] {
                [] => writeln!(text, "{target}, {build}: no alarm rang."),
                rung => writeln!(text, "{target}, {build}: these alarms rang: {}.", rung.join(", ")),
            };
            for violation in outcome.violations() {
                let _ = writeln!(text, "{target}, {build}: {violation}.");
            }
        }
        let are_rates_judged = self.outcomes.iter().all(|outcome| outcome.rates_judged);
        text.push_str(match (self.is_right(), are_rates_judged) {
            (true, true) => {
                "Nothing was lost, the dead service was left alone, and the backlog drained at full rate."
            }
            (true, false) => {
                "Nothing was lost, the dead service was left alone, and the backlog drained. How fast was not judged."
            }
            (false, _) => "The run has failed: see above.",
        });
        text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn right() -> Outcome {
        Outcome {
            build: Build::This,
            target: OutageTarget::Table,
            accepted: 1200,
            expected: 1200,
            rates_judged: true,
            dead_letters: 0,
            verified: Some(true),
            rung: ["NothingConfirmedAlarm", "OrdersPutOffAlarm"]
                .map(str::to_owned)
                .into(),
            must_ring: ["OrdersPutOffAlarm"].map(str::to_owned).into(),
            held_batches: 12,
            must_hold: true,
            outage_seconds: 360.0,
            backlog: 1000,
            calls: 480,
            max_calls_in_flight: 1,
            max_in_flight: 200,
            in_flight_limit: 1111,
            full_rate: 80.0,
            full_rate_after: Some(31.0),
            drain_rate: Some(70.0),
            drained_after: Some(90.0),
        }
    }

    fn report(outcomes: Vec<Outcome>) -> Report {
        Report {
            scale: Scale {
                outage: Duration::from_mins(6),
                speed: 6,
                orders: 1000,
            },
            outcomes,
        }
    }

    #[test]
    fn a_baseline_is_compared_and_decides_nothing() {
        let baseline = Outcome {
            build: Build::Baseline,
            verified: None,
            rung: BTreeSet::new(),
            must_ring: BTreeSet::new(),
            held_batches: 0,
            must_hold: false,
            calls: 9000,
            max_calls_in_flight: 4,
            max_in_flight: 1111,
            full_rate_after: Some(412.0),
            drain_rate: Some(9.5),
            drained_after: Some(905.0),
            ..right()
        };
        let report = report(vec![right(), baseline]);
        assert!(report.is_right());
        assert_eq!(report.to_json()["outcomes"][1]["right"], false);
        insta::assert_snapshot!(report.format(), @r"
        An outage of 360 s at 300 orders a second: 108000 orders, and a limit of 120000 messages in flight.
        Here the clock of the queues runs 6 times as fast, so that it lasts 60 s. 1000 orders are placed, 16.7 a second, and
        the limit is 1111: orders and limit have the same ratio. Delays and visibility timeouts are those of the template, on
        the faster clock (visibility timeout 210 s). The functions run in real time. Seconds below are those of the queues.

        AWAY   FUNCTIONS     ORDERS  DEAD  CALLS  AT ONCE  IN FLIGHT     FULL/S  DRAIN/S  FULL AFTER  EMPTY AFTER
        table  this build    1200    0     480    1        200 of 1111   80.0    70.0     31 s        90 s
        table  the baseline  1200    0     9000   4        1111 of 1111  80.0    9.5      412 s       905 s
        table, this build: these alarms rang: NothingConfirmedAlarm, OrdersPutOffAlarm.
        table, the baseline: no alarm rang.
        table, the baseline: one process had 4 calls to the dead service in flight.
        table, the baseline: the limit of 1111 messages in flight was reached.
        table, the baseline: the full rate was not reached within 60 s.
        table, the baseline: the backlog drained at less than half of the full rate.
        Nothing was lost, the dead service was left alone, and the backlog drained at full rate.
        ");
    }

    #[test]
    fn rates_that_are_not_judged_decide_nothing_and_a_backlog_that_stays_does() {
        let slow = Outcome {
            rates_judged: false,
            full_rate_after: None,
            drain_rate: Some(1.0),
            ..right()
        };
        let end = |outcome| report(vec![outcome]).format().lines().last().unwrap().to_owned();
        insta::assert_snapshot!(end(slow.clone()), @"Nothing was lost, the dead service was left alone, and the backlog drained. How fast was not judged.");
        let stays = Outcome {
            drained_after: None,
            ..slow
        };
        insta::assert_snapshot!(end(stays), @"The run has failed: see above.");
    }

    #[test]
    fn each_broken_promise_fails_the_run() {
        let broken = [
            Outcome {
                accepted: 1199,
                ..right()
            },
            Outcome {
                dead_letters: 1,
                ..right()
            },
            Outcome {
                verified: Some(false),
                ..right()
            },
            Outcome {
                rung: BTreeSet::new(),
                ..right()
            },
            Outcome {
                held_batches: 0,
                ..right()
            },
            Outcome {
                max_calls_in_flight: 2,
                ..right()
            },
            Outcome {
                max_in_flight: 1111,
                ..right()
            },
            Outcome {
                full_rate_after: Some(61.0),
                ..right()
            },
            Outcome {
                full_rate_after: None,
                ..right()
            },
            Outcome {
                drain_rate: Some(39.0),
                ..right()
            },
            Outcome {
                drain_rate: None,
                ..right()
            },
            Outcome {
                drained_after: None,
                ..right()
            },
        ];
        for outcome in broken {
            assert_eq!(outcome.violations().len(), 1, "{outcome:?}");
            assert!(!report(vec![right(), outcome]).is_right());
        }
    }
}
