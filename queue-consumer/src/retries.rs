//! How long and where failed messages are tried again.

use std::time::Duration;

use function_runtime::{ConfigError, Environment};
use timestamp::Timestamp;

use crate::ports::Queue;
use crate::record::Record;

/// From this receive of one copy on, a record of the main queue goes to the retry queue before it is worked on: its process
/// died twice, by it or by another record of its batches.
const ISOLATED_FROM: u32 = 3;

/// The settings of retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// `RETRY_QUEUE_URL`: the URL of the retry queue, which delivers each message alone.
    pub queue_url: String,
    /// `MAX_RETRY_SECONDS`: a message that fails this long after its first copy was sent is dead-lettered.
    pub max_age: Duration,
}

impl Retries {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        Ok(Self {
            queue_url: environment.required("RETRY_QUEUE_URL")?,
            max_age: Duration::from_secs(environment.positive("MAX_RETRY_SECONDS")?.get().into()),
        })
    }

    /// The queue that the record was received from.
    #[must_use]
    pub fn source(&self, record: &Record) -> Queue {
        let name = self.queue_url.rsplit('/').next();
        if name.is_some() && record.queue.as_deref() == name {
            Queue::Retry
        } else {
            Queue::Main
        }
    }

    /// Whether the record may have killed a process, and others may be in its batch.
    #[must_use]
    pub fn is_suspect(&self, record: &Record) -> bool {
        record.receive_count >= ISOLATED_FROM && self.source(record) == Queue::Main
    }

    /// Whether the message is too old for another try. A record without a time is tried again.
    #[must_use]
    pub fn is_too_old(&self, record: &Record, now: Timestamp) -> bool {
        record.first_sent_at().is_some_and(|first| {
            let age = now.as_offset_date_time() - first.as_offset_date_time();
            age >= self.max_age
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fakes::record;

    /// The settings of retries of the queues `orders` and `orders-retry`.
    pub(crate) fn retries() -> Retries {
        Retries {
            queue_url: "http://q/0/orders-retry".to_owned(),
            max_age: Duration::from_hours(24),
        }
    }

    #[test]
    fn the_source_is_the_queue_of_the_event() {
        let mut received = record(0, 3);
        assert_eq!(retries().source(&received), Queue::Main);
        assert!(retries().is_suspect(&received));
        received.queue = Some("orders-retry".to_owned());
        assert_eq!(retries().source(&received), Queue::Retry);
        assert!(!retries().is_suspect(&received));
    }

    #[test]
    fn the_age_counts_from_the_first_copy() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut received = record(0, 1);
        received.sent_at = Some(at("2026-11-23T09:00:00Z"));
        assert!(!retries().is_too_old(&received, at("2026-11-24T08:59:59Z")));
        assert!(retries().is_too_old(&received, at("2026-11-24T09:00:00Z")));
        let first = crate::record::Attribute::text("2026-11-22T10:00:00Z");
        received
            .attributes
            .insert("retry_first_sent_at".to_owned(), first);
        assert!(retries().is_too_old(&received, at("2026-11-23T10:00:00Z")));
        received.attributes.clear();
        received.sent_at = None;
        assert!(!retries().is_too_old(&received, at("2099-01-01T00:00:00Z")));
    }

    #[test]
    fn the_settings_come_from_the_environment() {
        let of = |seconds: &'static str| {
            Retries::read(&Environment::new(move |name: &str| {
                Some(
                    if name == "MAX_RETRY_SECONDS" {
                        seconds
                    } else {
                        "http://q/0/orders-retry"
                    }
                    .to_owned(),
                )
            }))
        };
        assert_eq!(of("86400"), Ok(retries()));
        assert!(of("0").is_err() && of("").is_err());
    }
}
