//! What a load has come to so far.

use std::time::Duration;

use hdrhistogram::Histogram;
use order_core::Timestamp;

/// Digits of a latency that are kept.
const DIGITS: u8 = 3;

/// Latencies, in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new(DIGITS)?))
    }

    /// Adds one.
    pub(super) fn add(&mut self, latency: Duration) {
        // Only a histogram of a fixed size can refuse, and a wait of 584,000 years.
        let _ = self
            .0
            .record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that so many percent stay under, in milliseconds.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        milliseconds(self.0.value_at_percentile(percent))
    }

    /// The longest, in milliseconds.
    pub(super) fn longest(&self) -> f64 {
        milliseconds(self.0.max())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a latency of 2^53 microseconds is 285 years"
)]
fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

/// A span of the system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    bounds: Option<(i64, i64)>,
}

impl Span {
    /// Widens the span to hold a moment.
    pub(super) fn extend(&mut self, moment: Timestamp) {
        let moment = moment.unix_milliseconds();
        let (first, last) = self.bounds.unwrap_or((moment, moment));
        self.bounds = Some((first.min(moment), last.max(moment)));
    }

    /// From this span's beginning to the other's end.
    pub(super) fn until(self, other: Self) -> Option<Duration> {
        let ((first, _), (_, last)) = (self.bounds?, other.bounds?);
        u64::try_from(last - first).ok().map(Duration::from_millis)
    }
}

/// Counts, latencies and times of a run.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Orders that were answered with 202 and, with a journal, written down.
    pub(super) accepted: u64,
    /// Orders that were refused.
    pub(super) refused: u64,
    /// Orders of which it is not known whether they were accepted.
    pub(super) unanswered: u64,
    /// Orders that were sent twice at the same time.
    pub(super) duplicates: u64,
    /// Orders for which one key was answered with two ids.
    pub(super) split: u64,
    /// Poison messages that SQS took.
    pub(super) poison: u64,
    /// Orders that were seen to be stored.
    pub(super) confirmed: u64,
    /// Orders that were seen to be told of.
    pub(super) notified: u64,
    /// The first few reasons for what went wrong.
    pub(super) reasons: Vec<String>,
    pub(super) to_accepted: Latencies,
    pub(super) to_confirmed: Latencies,
    pub(super) to_notified: Latencies,
    pub(super) acceptances: Span,
    pub(super) confirmations: Span,
    pub(super) notifications: Span,
}

/// Reasons that are kept.
const REASONS: usize = 5;

impl Tally {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            accepted: 0,
            refused: 0,
            unanswered: 0,
            duplicates: 0,
            split: 0,
            poison: 0,
            confirmed: 0,
            notified: 0,
            reasons: Vec::new(),
            to_accepted: Latencies::new()?,
            to_confirmed: Latencies::new()?,
            to_notified: Latencies::new()?,
            acceptances: Span::default(),
            confirmations: Span::default(),
            notifications: Span::default(),
        })
    }

    /// Keeps a reason if there are few.
    pub(super) fn reason(&mut self, reason: impl Into<String>) {
        if self.reasons.len() < REASONS {
            self.reasons.push(reason.into());
        }
    }
}
