//! The rules that a run is checked by.

use std::fmt;

/// A rule, named after the project's invariants (`docs/ARCHITECTURE.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// 1: every accepted order has one row that says what was accepted, or a dead letter.
    NothingLost,
    /// 2: every row is announced and emailed, and doubly only where a crash, a lost response or a duplicate explains it.
    ToldOnce,
    /// 3: a message is done only when its own invocation has published the stored row's event.
    PublishedAgain,
    /// 5: a bad record harms no other.
    NoHarmToOthers,
    /// 6: dead letters are true, at first sight where nothing can help, and not too early; everything else comes back at its
    /// time.
    TrueLetters,
    /// 7: a replay changes nothing that is right, and heals what can be healed.
    ReplayHeals,
    /// 8: `notified_at` is true.
    TrueMarks,
    /// At most 8 emails per second, one attempt an order and invocation, a subscription that stays confirmed.
    Pace,
    /// Calls keep the limits of AWS.
    Limits,
    /// The answer to the event source mapping is valid, says what is so, and comes in time; nothing is thrown.
    ValidAnswer,
    /// After the faults everything comes to rest.
    ComesToRest,
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// What happened, and when.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.rule, self.what)
    }
}
