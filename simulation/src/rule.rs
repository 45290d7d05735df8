//! The rules that every run must keep.

use std::fmt;

/// A rule. The numbers are those of the project's invariants (`docs/ARCHITECTURE.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// 1: every accepted order ends as one row with the accepted content, or as a dead letter.
    NothingLost,
    /// 2: every row is published and notified by email. A repetition needs a crash, a lost response or a duplicate delivery
    /// that explains it.
    NotifiedOnce,
    /// 3: a message is done only when its own invocation has published the event of the stored row.
    PublishedAgain,
    /// 5: a bad record never harms another record.
    NoHarmToOthers,
    /// 6: each dead letter states its true reason. A permanent failure is dead-lettered at first sight, a transient one not
    /// before its last receive. A message that is reported as failed comes back at its time.
    TrueDeadLetters,
    /// 7: a replay changes no row that is right, and completes what can succeed now.
    ReplayHeals,
    /// 11: an erased order is never back, and only work that began before the erasure may still publish or email it.
    ErasedForEver,
    /// 12: a cancellation ends as a cancelled row with its event and its email, or as a dead letter. A cancelled order stays cancelled.
    CancelledForEver,
    /// 8: `notified_at` is true.
    TrueMarks,
    /// At most 8 emails a second, one attempt for each order in an invocation, and a subscription that stays confirmed.
    EmailRate,
    /// While a service is away, an invocation holds its batch until it has no time left, with one call in flight.
    ServiceAway,
    /// Calls keep the limits of AWS.
    Limits,
    /// The response to the event source mapping is valid, true and in time, and no invocation throws.
    ValidResponse,
    /// After the faults the run ends: the source queues are empty, and no event is left.
    BecomesIdle,
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The events that broke the rule, with their times.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.rule, self.what)
    }
}
