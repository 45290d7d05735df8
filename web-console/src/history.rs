//! The samples and markers of the last hour, for the plots.

use std::collections::{BTreeMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

/// The time that is kept and drawn, in milliseconds.
pub(crate) const HOUR_MS: u64 = 3_600_000;
/// The most samples of an hour. When there are more, the shortest time between two is longer.
const MAX_SAMPLES: usize = 7200;
/// How long before a change the last sample was still true, in milliseconds: one second, because rates are per second.
const HELD_MS: u64 = 1000;
/// The most markers.
const MAX_MARKERS: usize = 500;

/// The depths of the queues at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Milliseconds since the epoch.
    pub(crate) at: u64,
    /// The messages of each queue.
    pub(crate) depths: Vec<(String, u64)>,
    /// The position of the newest email, where there is a mailbox.
    pub(crate) emails: Option<u64>,
}

/// Something that happened at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Marker {
    /// Milliseconds since the epoch.
    pub(crate) at: u64,
    pub(crate) text: String,
}

/// The samples and markers of the last hour.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) samples: VecDeque<Sample>,
    pub(crate) markers: VecDeque<Marker>,
    faults_active: bool,
    /// The number of killed processes, by function.
    kills: BTreeMap<String, u64>,
}

impl History {
    /// Adds what a status shows. `injected` are the faults that were injected so far, by kind and subject.
    pub(crate) fn add(&mut self, at: u64, status: &Value, emails: Option<u64>, injected: Option<&Value>) {
        let count = |queue: &Value, name: &str| queue[name].as_u64().unwrap_or(0);
        let queues = status["queues"].as_array().into_iter().flatten();
        let depths = queues.map(|queue| {
            let depth = ["visible", "delayed", "in_flight"]
                .iter()
                .map(|name| count(queue, name))
                .sum();
            (queue["name"].as_str().unwrap_or_default().to_owned(), depth)
        });
        self.samples.push_back(Sample {
            at,
            depths: depths.collect(),
            emails,
        });
        self.mark(at, status, injected);
        let oldest = at.saturating_sub(HOUR_MS + 60_000);
        // The depths at the begin of the hour are those of the last sample before it.
        while self.samples.len() > MAX_SAMPLES || self.samples.get(1).is_some_and(|sample| sample.at < oldest)
        {
            self.samples.pop_front();
        }
        while self.markers.len() > MAX_MARKERS
            || self.markers.front().is_some_and(|marker| marker.at < oldest)
        {
            self.markers.pop_front();
        }
    }

    /// Adds that the last sample was true until shortly before `now`, when something happened.
    pub(crate) fn hold(&mut self, now: u64) {
        let at = now.saturating_sub(HELD_MS);
        if let Some(last) = self.samples.back().filter(|last| last.at < at) {
            let held = Sample { at, ..last.clone() };
            self.samples.push_back(held);
        }
    }

    fn mark(&mut self, at: u64, status: &Value, injected: Option<&Value>) {
        let is_active = status["faults_active"] == true;
        if is_active != self.faults_active {
            let text = if is_active { "faults on" } else { "faults off" };
            self.markers.push_back(Marker {
                at,
                text: text.to_owned(),
            });
            self.faults_active = is_active;
        }
        let kills = injected.and_then(|injected| injected["kill"].as_object());
        for (function, count) in kills.into_iter().flatten() {
            let count = count.as_u64().unwrap_or(0);
            let known = self.kills.insert(function.clone(), count).unwrap_or(0);
            if count > known {
                self.markers.push_back(Marker {
                    at,
                    text: format!("{function} killed"),
                });
            }
        }
    }
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_and_a_kill_are_marked_once() {
        let mut history = History::default();
        let status = |faults: bool| json!({ "queues": [{ "name": "orders", "visible": 1, "delayed": 2, "in_flight": 3 }], "faults_active": faults });
        let killed = json!({ "kill": { "order-worker": 2 } });
        history.add(1, &status(false), Some(0), None);
        history.add(2, &status(true), Some(0), Some(&json!({})));
        history.add(3, &status(true), Some(0), Some(&killed));
        history.add(4, &status(true), Some(0), Some(&killed));
        history.add(5, &status(false), Some(0), None);
        let texts: Vec<&str> = history
            .markers
            .iter()
            .map(|marker| marker.text.as_str())
            .collect();
        assert_eq!(texts, ["faults on", "order-worker killed", "faults off"]);
        assert_eq!(history.samples[0].depths, [("orders".to_owned(), 6)]);
    }

    #[test]
    fn an_hour_is_kept_and_the_sample_before_it() {
        let mut history = History::default();
        for at in [0, 1000, 2 * HOUR_MS] {
            history.add(at, &json!({}), None, None);
        }
        let kept: Vec<u64> = history.samples.iter().map(|sample| sample.at).collect();
        assert_eq!(kept, [1000, 2 * HOUR_MS]);
    }

    #[test]
    fn the_last_sample_was_true_until_something_happened() {
        let mut history = History::default();
        history.hold(5_000);
        history.add(1_000, &json!({}), Some(7), None);
        history.hold(1_500);
        history.hold(60_000);
        let held: Vec<(u64, Option<u64>)> = history
            .samples
            .iter()
            .map(|sample| (sample.at, sample.emails))
            .collect();
        assert_eq!(held, [(1_000, Some(7)), (59_000, Some(7))]);
    }
}
