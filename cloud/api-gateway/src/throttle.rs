//! The throttles of methods.
//!
//! Source: the API Gateway Developer Guide, "Throttle requests to your REST APIs": a token bucket for each method of a stage, also
//! where the same settings are given for all methods.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The name that stands for every resource, or for every method.
const ANY: &str = "*";

/// The limits of methods.
#[derive(Clone, Debug, PartialEq)]
pub struct ThrottleSetting {
    /// The path of a resource, such as `/orders`, or `*`.
    pub resource: String,
    /// The method of a route in capitals, `ANY` included, or `*`.
    pub method: String,
    /// Requests per second.
    pub rate: f64,
    /// Requests at once.
    pub burst: u32,
}

/// The throttles of a stage.
#[derive(Debug, Default)]
pub struct Throttles {
    settings: Vec<ThrottleSetting>,
    /// The bucket of each method that got a request, by resource and method.
    buckets: Mutex<BTreeMap<(String, String), Bucket>>,
}

/// A token bucket. It begins full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn new(burst: u32, now: Instant) -> Self {
        Self {
            tokens: f64::from(burst),
            filled: now,
        }
    }

    /// Fills it at a rate of tokens per second up to the burst, and takes a token. Returns false if it has none.
    pub(crate) fn take(&mut self, rate: f64, burst: u32, now: Instant) -> bool {
        let new = now.saturating_duration_since(self.filled).as_secs_f64() * rate;
        self.tokens = (self.tokens + new).min(f64::from(burst));
        self.filled = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

impl Throttles {
    /// Takes settings. A setting of one resource and method goes before a setting of all.
    #[must_use]
    pub fn new(mut settings: Vec<ThrottleSetting>) -> Self {
        settings.sort_by_key(|setting| (setting.resource == ANY, setting.method == ANY));
        Self {
            settings,
            buckets: Mutex::default(),
        }
    }

    /// Takes a token from the bucket of a method. Returns false if it has none.
    pub(crate) fn admit(&self, resource: &str, method: &str, now: Instant) -> bool {
        let covers = |pattern: &str, name: &str| pattern == ANY || pattern == name;
        let setting = self
            .settings
            .iter()
            .find(|setting| covers(&setting.resource, resource) && covers(&setting.method, method));
        let Some(setting) = setting else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets
            .entry((resource.to_owned(), method.to_owned()))
            .or_insert_with(|| Bucket::new(setting.burst, now));
        bucket.take(setting.rate, setting.burst, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn setting(resource: &str, method: &str, rate: f64, burst: u32) -> ThrottleSetting {
        ThrottleSetting {
            resource: resource.to_owned(),
            method: method.to_owned(),
            rate,
            burst,
        }
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let throttles = Throttles::new(vec![setting("*", "*", 2.0, 3)]);
        let start = Instant::now();
        let admitted = |milliseconds, requests| {
            let now = start + Duration::from_millis(milliseconds);
            (0..requests)
                .filter(|_| throttles.admit("/orders", "POST", now))
                .count()
        };
        assert_eq!(admitted(0, 5), 3);
        assert_eq!(admitted(499, 1), 0);
        assert_eq!(admitted(500, 2), 1);
        assert_eq!(admitted(1500, 5), 2);
        // The bucket holds no more than the burst.
        assert_eq!(admitted(60_000, 5), 3);
    }

    #[test]
    fn each_method_has_a_bucket_and_the_most_specific_setting() {
        let throttles = Throttles::new(vec![
            setting("*", "*", 1.0, 2),
            setting("/orders", "POST", 1.0, 1),
        ]);
        let now = Instant::now();
        let admitted = |resource, method| (0..5).filter(|_| throttles.admit(resource, method, now)).count();
        assert_eq!(admitted("/orders", "POST"), 1);
        assert_eq!(admitted("/orders", "ANY"), 2);
        assert_eq!(admitted("/orders/{id}", "ANY"), 2);
        assert!((0..5).all(|_| Throttles::default().admit("/", "ANY", now)));
    }
}
