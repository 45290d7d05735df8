//! The counts, latencies and times of a load.

use std::time::Duration;

use hdrhistogram::Histogram;
use order_core::Timestamp;

use super::reasons::Reasons;
use super::timeline::Timeline;

/// The precision of a latency, in digits.
const DIGITS: u8 = 3;

/// Latencies, in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new(DIGITS)?))
    }

    /// Adds a latency.
    pub(super) fn add(&mut self, latency: Duration) {
        // The histogram grows as needed, and 2^64 microseconds are 584,000 years: this cannot fail.
        let _ = self
            .0
            .record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// The number of latencies.
    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// A percentile, in milliseconds.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        milliseconds(self.0.value_at_percentile(percent))
    }

    /// The longest latency, in milliseconds.
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

/// A span of time by the system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    bounds: Option<(i64, i64)>,
}

impl Span {
    /// Extends the span to include a moment.
    pub(super) fn extend(&mut self, moment: Timestamp) {
        let moment = moment.unix_milliseconds();
        let (first, last) = self.bounds.unwrap_or((moment, moment));
        self.bounds = Some((first.min(moment), last.max(moment)));
    }

    /// The time from the beginning of this span to the end of the other.
    pub(super) fn until(self, other: Self) -> Option<Duration> {
        let ((first, _), (_, last)) = (self.bounds?, other.bounds?);
        u64::try_from(last - first).ok().map(Duration::from_millis)
    }
}

/// The counts, latencies and times of a run.
#[derive(Clone, Debug)]
pub(super) struct Measurements {
    /// Orders that the API accepted (status 202) and that are in the journal, if there is one.
    pub(super) accepted: u64,
    /// Orders that were refused.
    pub(super) refused: u64,
    /// Orders without an answer: it is not known whether they were accepted.
    pub(super) unanswered: u64,
    /// Orders that were sent twice at the same time.
    pub(super) duplicates: u64,
    /// Idempotency keys for which the API answered two order ids.
    pub(super) split: u64,
    /// Poison messages that SQS accepted.
    pub(super) poison: u64,
    /// Orders that were seen in the table.
    pub(super) confirmed: u64,
    /// Orders that were seen to be marked as notified.
    pub(super) notified: u64,
    /// Orders that were seen to be cancelled before they were marked as notified.
    pub(super) cancelled: u64,
    /// The first few error texts.
    pub(super) reasons: Vec<String>,
    /// The failures by reason.
    pub(super) failures: Reasons,
    /// The arrivals over time, if a page shows them.
    pub(super) timeline: Option<Timeline>,
    pub(super) to_accepted: Latencies,
    pub(super) to_confirmed: Latencies,
    pub(super) to_notified: Latencies,
    pub(super) acceptances: Span,
    pub(super) confirmations: Span,
    pub(super) notifications: Span,
}

/// The number of error texts that are kept.
const REASONS: usize = 5;

impl Measurements {
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
            cancelled: 0,
            reasons: Vec::new(),
            failures: Reasons::default(),
            timeline: None,
            to_accepted: Latencies::new()?,
            to_confirmed: Latencies::new()?,
            to_notified: Latencies::new()?,
            acceptances: Span::default(),
            confirmations: Span::default(),
            notifications: Span::default(),
        })
    }

    /// Keeps an error text unless there are enough.
    pub(super) fn add_reason(&mut self, reason: impl Into<String>) {
        if self.reasons.len() < REASONS {
            self.reasons.push(reason.into());
        }
    }
}
