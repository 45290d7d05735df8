//! Counts units while the system runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::units::Units;

/// Who causes units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source<'a> {
    /// A function, by its name: its invocations, calls and logs, and the pollers of its queues.
    Function(&'a str),
    /// A REST API, by its name.
    Api(&'a str),
    /// The topics: emails.
    Topics,
    /// Whoever calls with an operator's access key. Its calls are not the system's.
    Operator,
}

impl Source<'_> {
    /// The name in [`Usage`].
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Function(name) => format!("function {name}"),
            Self::Api(name) => format!("api {name}"),
            Self::Topics => "topics".to_owned(),
            Self::Operator => "operator".to_owned(),
        }
    }
}

/// The units that were counted since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The units of the first stack.
    pub stack: BTreeMap<String, Units>,
    /// The units of others: other stacks and operators.
    pub others: BTreeMap<String, Units>,
    /// The queues of the first stack that Lambda polls.
    pub polled_queues: BTreeSet<String>,
}

/// Counts units since the start, by source. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    units: BTreeMap<String, Units>,
    /// The names of sources that are not of the first stack.
    foreign: BTreeSet<String>,
    /// Queues by the name of the source that polls them.
    polled: BTreeSet<(String, String)>,
}

impl Meter {
    /// Adds units.
    pub fn add(&self, source: &Source<'_>, units: Units) {
        *self.lock().units.entry(source.name()).or_default() += units;
    }

    /// Notes that Lambda polls a queue for a function.
    pub fn polls(&self, source: &Source<'_>, queue: &str) {
        self.lock().polled.insert((source.name(), queue.to_owned()));
    }

    /// Notes that a source does not belong to the first stack.
    pub fn foreign(&self, source: &Source<'_>) {
        self.lock().foreign.insert(source.name());
    }

    /// Returns what was counted since the start.
    #[must_use]
    pub fn read(&self) -> Usage {
        let counted = self.lock();
        let operator = Source::Operator.name();
        let is_foreign = |name: &String| *name == operator || counted.foreign.contains(name);
        let (others, stack) = counted
            .units
            .clone()
            .into_iter()
            .partition(|(name, _)| is_foreign(name));
        let polled = counted.polled.iter().filter(|(source, _)| !is_foreign(source));
        Usage {
            stack,
            others,
            polled_queues: polled.map(|(_, queue)| queue.clone()).collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stack_is_counted_apart_from_other_stacks_and_operators() {
        let meter = Meter::default();
        let one = Units {
            sqs_requests: 1,
            ..Units::default()
        };
        meter.foreign(&Source::Function("catalog-api"));
        for source in [
            Source::Function("order-api"),
            Source::Function("order-api"),
            Source::Function("catalog-api"),
            Source::Operator,
        ] {
            meter.add(&source, one);
        }
        meter.polls(&Source::Function("order-worker"), "orders");
        meter.polls(&Source::Function("catalog-api"), "covers");
        let usage = meter.read();
        assert_eq!(usage.stack.len(), 1);
        assert_eq!(usage.stack["function order-api"].sqs_requests, 2);
        let others: Vec<&String> = usage.others.keys().collect();
        assert_eq!(others, ["function catalog-api", "operator"]);
        assert_eq!(usage.polled_queues, BTreeSet::from(["orders".to_owned()]));
    }
}
