//! Counts the calls of the functions, and how many of one process are in flight at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The calls of one operation by one function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number of calls, each attempt of the SDK counted.
    pub calls: u64,
    /// The number of processes that made them.
    pub processes: usize,
    /// The largest number of calls of one process that were in flight at the same time.
    pub max_in_flight_of_a_process: u64,
}

/// Counts by function, and by operation (`dynamodb:GetItem`) and by service (`dynamodb`).
pub type Counted = BTreeMap<String, BTreeMap<String, Count>>;

/// The counts since the start, or since they were set to zero. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct CallCounts(Arc<Mutex<HashMap<Key, OperationCalls>>>);

/// A function, and an operation or a service.
type Key = (String, String);

#[derive(Debug, Default)]
struct OperationCalls {
    calls: u64,
    max_in_flight: u64,
    /// The calls in flight of each process that has called.
    in_flight: HashMap<String, u64>,
}

/// A call in flight. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    counts: CallCounts,
    keys: [Key; 2],
    process: String,
}

impl CallCounts {
    /// Counts a call, which is in flight until the result is dropped.
    pub(crate) fn begin(&self, function: &str, operation: &str, process: &str) -> InFlight {
        let service = operation.split(':').next().unwrap_or_default();
        let keys = [operation, service].map(|name| (function.to_owned(), name.to_owned()));
        let mut counts = self.lock();
        for key in &keys {
            let of_key = counts.entry(key.clone()).or_default();
            of_key.calls += 1;
            let in_flight = of_key.in_flight.entry(process.to_owned()).or_default();
            *in_flight += 1;
            of_key.max_in_flight = of_key.max_in_flight.max(*in_flight);
        }
        drop(counts);
        InFlight {
            counts: self.clone(),
            keys,
            process: process.to_owned(),
        }
    }

    /// Returns the counts.
    #[must_use]
    pub fn read(&self) -> Counted {
        let mut counted = Counted::new();
        for ((function, operation), calls) in &*self.lock() {
            let count = Count {
                calls: calls.calls,
                processes: calls.in_flight.len(),
                max_in_flight_of_a_process: calls.max_in_flight,
            };
            counted
                .entry(function.clone())
                .or_default()
                .insert(operation.clone(), count);
        }
        counted
    }

    /// Sets all counts to zero. Calls that are in flight are not counted again.
    pub fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, OperationCalls>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        for key in &self.keys {
            if let Some(of_key) = counts.get_mut(key)
                && let Some(in_flight) = of_key.in_flight.get_mut(&self.process)
            {
                // The counts may have been set to zero since the call began.
                *in_flight = in_flight.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_in_flight_are_counted_for_each_process_on_its_own() {
        let counts = CallCounts::default();
        let one = counts.begin("worker", "dynamodb:GetItem", "a");
        drop(counts.begin("worker", "dynamodb:GetItem", "b"));
        drop(one);
        drop(counts.begin("worker", "dynamodb:GetItem", "a"));
        let count = Count {
            calls: 3,
            processes: 2,
            max_in_flight_of_a_process: 1,
        };
        assert_eq!(counts.read()["worker"]["dynamodb:GetItem"], count);

        let _one = counts.begin("worker", "dynamodb:GetItem", "a");
        let _other = counts.begin("worker", "dynamodb:UpdateItem", "a");
        let _of_another_function = counts.begin("notifier", "dynamodb:GetItem", "c");
        let of = |name: &str| {
            let count = counts.read()["worker"][name].clone();
            (count.calls, count.max_in_flight_of_a_process)
        };
        // Two operations of one service are in flight at once.
        assert_eq!(of("dynamodb:GetItem"), (4, 1));
        assert_eq!(of("dynamodb"), (5, 2));
        assert_eq!(counts.read()["notifier"]["dynamodb:GetItem"].calls, 1);
    }

    #[test]
    fn a_call_that_began_before_a_reset_ends_without_a_trace() {
        let counts = CallCounts::default();
        let before = counts.begin("worker", "sns:Publish", "a");
        counts.reset();
        let _after = counts.begin("worker", "sns:Publish", "a");
        drop(before);
        let count = Count {
            calls: 1,
            processes: 1,
            max_in_flight_of_a_process: 1,
        };
        assert_eq!(counts.read()["worker"]["sns:Publish"], count);
    }
}
