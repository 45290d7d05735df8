//! Counts of injected faults, so that a test run can show that each kind of fault really happened.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A call was throttled, with the error of its service. It had no effect.
    Throttle,
    /// A call was answered with HTTP 500. It may have had its effect.
    InternalError,
    /// A call was answered with HTTP 503. It had no effect.
    Unavailable,
    /// A call had its effect, and the connection was closed without an answer.
    LostResponse,
    /// A call was delayed.
    Delay,
    /// An entry of a batch call failed alone. It had no effect.
    EntryFailure,
    /// A message was delivered twice.
    Duplicate,
    /// A message was delivered again although it was processed.
    Redelivery,
    /// The messages of a receive were delivered in another order.
    Shuffle,
    /// The process of a function was killed during an invocation.
    Kill,
    /// A call was answered with HTTP 503, because an outage lasts. It had no effect.
    Outage,
}

impl FaultKind {
    /// All kinds that a plan injects.
    pub const ALL: [Self; 10] = [
        Self::Throttle,
        Self::InternalError,
        Self::Unavailable,
        Self::LostResponse,
        Self::Delay,
        Self::EntryFailure,
        Self::Duplicate,
        Self::Redelivery,
        Self::Shuffle,
        Self::Kill,
    ];

    /// Returns the name in plans and counts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::InternalError => "internal_error",
            Self::Unavailable => "unavailable",
            Self::LostResponse => "lost_response",
            Self::Delay => "delay",
            Self::EntryFailure => "entry_failure",
            Self::Duplicate => "duplicate",
            Self::Redelivery => "redelivery",
            Self::Shuffle => "shuffle",
            Self::Kill => "kill",
            Self::Outage => "outage",
        }
    }
}

/// The number of injected faults by kind and by subject (an operation, a queue or a function).
pub type Injected = BTreeMap<FaultKind, BTreeMap<String, u64>>;

#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<Injected>);

impl Counts {
    pub(super) fn add(&self, kind: FaultKind, subject: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts
            .entry(kind)
            .or_default()
            .entry(subject.to_owned())
            .or_default() += 1;
    }

    pub(super) fn read(&self) -> Injected {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_serialized_as_its_name() {
        for kind in FaultKind::ALL.into_iter().chain([FaultKind::Outage]) {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn counts_add_up() {
        let counts = Counts::default();
        counts.add(FaultKind::Kill, "worker");
        counts.add(FaultKind::Kill, "worker");
        assert_eq!(
            serde_json::to_value(counts.read()).unwrap(),
            serde_json::json!({"kill": {"worker": 2}})
        );
    }
}
