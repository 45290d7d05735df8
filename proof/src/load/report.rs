//! The report of a load.

use std::time::Duration;

use serde::Serialize;
use terminal::table::format_table;
use terminal::text::sanitize_line;

use super::measurements::{Latencies, Measurements};

/// The result of a run. `--json` prints its JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// The run's name, which is part of the notes and keys of its orders.
    pub(super) run: String,
    /// Orders to send.
    pub(super) count: u64,
    /// Orders that the API accepted (status 202).
    pub(super) accepted: u64,
    /// Orders that were refused.
    pub(super) refused: u64,
    /// Orders without an answer.
    pub(super) unanswered: u64,
    /// Idempotency keys for which the API answered two order ids.
    pub(super) split: u64,
    /// Orders that were seen in the table.
    pub(super) confirmed: u64,
    /// Orders that were marked as notified.
    pub(super) notified: u64,
    /// Orders that were cancelled before they were marked as notified. They are not followed to an email.
    pub(super) cancelled: u64,
    /// Orders that were sent twice at the same time (`--duplicates`).
    pub(super) duplicates: u64,
    /// Poison messages (`--poison`).
    pub(super) poison: u64,
    /// Retries.
    pub(super) retries: u64,
    /// Whether the user stopped the load.
    pub(super) interrupted: bool,
    /// Orders a second. Accepted: until the last answer. Confirmed: from the first acceptance to the last row. Notified: from
    /// the first acceptance to the last email.
    pub(super) per_second: Stages<f64>,
    /// Milliseconds. Accepted: from sending to the answer; with `--rate`, from the time when the order was due. Confirmed and
    /// notified: from the acceptance in the row to the row and to the email, by the services' clocks.
    pub(super) latency_ms: Stages<Percentiles>,
    /// The first few error texts.
    pub(super) reasons: Vec<String>,
}

/// A figure for each stage; `None` if no order reached it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Stages<T> {
    pub(super) accepted: Option<T>,
    pub(super) confirmed: Option<T>,
    pub(super) notified: Option<T>,
}

/// Latencies in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p99_9: f64,
    pub(super) max: f64,
}

impl Percentiles {
    fn of(latencies: &Latencies) -> Option<Self> {
        (latencies.count() > 0).then(|| Self {
            p50: latencies.percentile(50.0),
            p90: latencies.percentile(90.0),
            p99: latencies.percentile(99.0),
            p99_9: latencies.percentile(99.9),
            max: latencies.longest(),
        })
    }
}

/// The facts about a run that are not measurements.
#[derive(Clone, Debug)]
pub(super) struct RunFacts {
    pub(super) run: String,
    pub(super) count: u64,
    pub(super) retries: u64,
    pub(super) interrupted: bool,
    /// From the start to the last answer.
    pub(super) answering: Duration,
}

impl Report {
    /// The report of a run.
    pub(super) fn new(facts: RunFacts, measurements: &Measurements) -> Self {
        let confirming = measurements.acceptances.until(measurements.confirmations);
        let notifying = measurements.acceptances.until(measurements.notifications);
        Self {
            run: facts.run,
            count: facts.count,
            accepted: measurements.accepted,
            refused: measurements.refused,
            unanswered: measurements.unanswered,
            split: measurements.split,
            confirmed: measurements.confirmed,
            notified: measurements.notified,
            cancelled: measurements.cancelled,
            duplicates: measurements.duplicates,
            poison: measurements.poison,
            retries: facts.retries,
            interrupted: facts.interrupted,
            per_second: Stages {
                accepted: orders_per_second(measurements.accepted, Some(facts.answering)),
                confirmed: orders_per_second(measurements.confirmed, confirming),
                notified: orders_per_second(measurements.notified, notifying),
            },
            latency_ms: Stages {
                accepted: Percentiles::of(&measurements.to_accepted),
                confirmed: Percentiles::of(&measurements.to_confirmed),
                notified: Percentiles::of(&measurements.to_notified),
            },
            reasons: measurements.reasons.clone(),
        }
    }

    /// The accepted orders that were neither notified nor cancelled.
    pub(super) fn unnotified(&self) -> u64 {
        self.accepted.saturating_sub(self.notified + self.cancelled)
    }

    /// Whether all orders were accepted, and notified or cancelled. If the user stopped the load, orders that are still on their way do
    /// not count as failures.
    pub(super) fn is_success(&self) -> bool {
        let is_followed = self.interrupted || (self.accepted == self.count && self.unnotified() == 0);
        is_followed && self.refused == 0 && self.unanswered == 0 && self.split == 0
    }

    /// The report as text.
    pub(super) fn format(&self) -> String {
        let row = |name: &str, count: u64, rate: Option<f64>, latency: Option<&Percentiles>| {
            let rate = rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}"));
            let figures =
                latency.map(|latency| [latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max]);
            let [p50, p90, p99, p99_9, max] = figures.map_or_else(
                || [const { String::new() }; 5].map(|_| "-".to_owned()),
                |figures| figures.map(|figure| format!("{figure:.0}")),
            );
            [
                name.to_owned(),
                count.to_string(),
                rate,
                p50,
                p90,
                p99,
                p99_9,
                max,
            ]
        };
        let (rates, latencies) = (&self.per_second, &self.latency_ms);
        let rows = [
            row(
                "accepted",
                self.accepted,
                rates.accepted,
                latencies.accepted.as_ref(),
            ),
            row(
                "confirmed",
                self.confirmed,
                rates.confirmed,
                latencies.confirmed.as_ref(),
            ),
            row(
                "notified",
                self.notified,
                rates.notified,
                latencies.notified.as_ref(),
            ),
        ];
        let head = ["", "ORDERS", "PER SECOND", "P50 MS", "P90", "P99", "P99.9", "MAX"];
        let mut lines = vec![
            format_table(head, &rows),
            String::new(),
            format!(
                "run {}: {} orders, {} refused, {} without an answer, {} keys with two ids; {} cancelled, {} sent twice, \
                 {} poison messages, {} retries",
                self.run,
                self.count,
                self.refused,
                self.unanswered,
                self.split,
                self.cancelled,
                self.duplicates,
                self.poison,
                self.retries
            ),
        ];
        lines.extend(
            self.reasons
                .iter()
                .map(|reason| format!("  {}", sanitize_line(reason))),
        );
        if self.interrupted {
            lines.push(
                "interrupted: the system goes on with the accepted orders, this command does not follow them"
                    .to_owned(),
            );
        } else if self.unnotified() > 0 {
            lines.push(format!(
                "{} accepted orders were not notified in time; `dlq list` shows the dead letters",
                self.unnotified()
            ));
        }
        lines.join("\n")
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 orders")]
fn orders_per_second(count: u64, time: Option<Duration>) -> Option<f64> {
    let seconds = time?.as_secs_f64();
    (count > 0 && seconds > 0.0).then(|| count as f64 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(interrupted: bool) -> Report {
        let mut measurements = Measurements::new().unwrap();
        measurements.accepted = 3;
        measurements.confirmed = 2;
        measurements.notified = 1;
        for milliseconds in [4, 5, 9] {
            measurements.to_accepted.add(Duration::from_millis(milliseconds));
        }
        measurements.to_confirmed.add(Duration::from_millis(20));
        let moment = |text: &str| text.parse().unwrap();
        measurements
            .acceptances
            .extend(moment("2026-11-23T09:35:00.000Z"));
        measurements
            .confirmations
            .extend(moment("2026-11-23T09:35:00.500Z"));
        measurements.add_reason("load-r-4 was refused: \u{1b}no");
        measurements.refused = 1;
        let facts = RunFacts {
            run: "r".to_owned(),
            count: 4,
            retries: 7,
            interrupted,
            answering: Duration::from_millis(1500),
        };
        Report::new(facts, &measurements)
    }

    #[test]
    fn people_read_a_table_and_a_summary() {
        insta::assert_snapshot!(report(false).format(), @r"
                   ORDERS  PER SECOND  P50 MS  P90  P99  P99.9  MAX
        accepted   3       2           5       9    9    9      9
        confirmed  2       4           20      20   20   20     20
        notified   1       -           -       -    -    -      -

        run r: 4 orders, 1 refused, 0 without an answer, 0 keys with two ids; 0 cancelled, 0 sent twice, 0 poison messages, 7 retries
          load-r-4 was refused: �no
        2 accepted orders were not notified in time; `dlq list` shows the dead letters
        ");
    }

    #[test]
    fn programs_get_every_figure() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&report(true)).unwrap(), @r#"
        {
          "run": "r",
          "count": 4,
          "accepted": 3,
          "refused": 1,
          "unanswered": 0,
          "split": 0,
          "confirmed": 2,
          "notified": 1,
          "cancelled": 0,
          "duplicates": 0,
          "poison": 0,
          "retries": 7,
          "interrupted": true,
          "per_second": {
            "accepted": 2.0,
            "confirmed": 4.0,
            "notified": null
          },
          "latency_ms": {
            "accepted": {
              "p50": 5.003,
              "p90": 9.007,
              "p99": 9.007,
              "p99_9": 9.007,
              "max": 9.007
            },
            "confirmed": {
              "p50": 20.015,
              "p90": 20.015,
              "p99": 20.015,
              "p99_9": 20.015,
              "max": 20.015
            },
            "notified": null
          },
          "reasons": [
            "load-r-4 was refused: \u001bno"
          ]
        }
        "#);
    }

    #[test]
    fn a_refused_unanswered_or_unnotified_order_is_a_failure() {
        let good = Report {
            refused: 0,
            accepted: 4,
            notified: 4,
            ..report(false)
        };
        assert!(good.is_success());
        let cancelled = Report {
            notified: 3,
            cancelled: 1,
            ..good.clone()
        };
        assert!(cancelled.is_success());
        assert!(!cancelled.format().contains("not notified"));
        assert!(
            Report {
                interrupted: true,
                notified: 1,
                ..good.clone()
            }
            .is_success()
        );
        for bad in [
            Report {
                refused: 1,
                ..good.clone()
            },
            Report {
                unanswered: 1,
                ..good.clone()
            },
            Report {
                split: 1,
                ..good.clone()
            },
            Report {
                notified: 3,
                ..good.clone()
            },
            Report {
                accepted: 3,
                notified: 3,
                ..good.clone()
            },
        ] {
            assert!(!bad.is_success(), "{bad:?}");
        }
    }
}
