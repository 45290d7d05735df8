//! What a batch came to, for the log.

use queue_consumer::record::Record;

use crate::outcome::{ErrorCode, Outcome};

/// Counts of a batch.
#[derive(Default)]
pub(super) struct Tally {
    /// Records.
    pub(super) records: usize,
    /// Orders that were not marked before.
    pub(super) new_orders: usize,
    not_done: u64,
    without_subscriber: u64,
}

impl Tally {
    /// Counts how records ended, with one line for each that is not done.
    pub(super) fn count(&mut self, records: &[&Record], outcomes: &[Outcome]) {
        self.records += records.len();
        for (record, outcome) in records.iter().zip(outcomes) {
            // The detail of a permanent failure is left to the dead letter: it may name a field that only the message knows.
            let (reason, detail) = match outcome {
                Outcome::Done => continue,
                Outcome::Transient(reason) => (reason, Some(&*reason.detail)),
                Outcome::Permanent(reason) => (reason, None),
            };
            self.not_done += 1;
            self.without_subscriber += u64::from(reason.code == ErrorCode::NoSubscriber);
            let message_id = record.message_id.as_deref().unwrap_or_default();
            tracing::warn!(
                message_id,
                receive_count = record.receive_count,
                error_code = %reason.code,
                error_detail = detail,
                "message {message_id} is not done: {}", reason.code
            );
        }
    }

    /// One line for the batch, and one for readers who are missed.
    pub(super) fn log(&self) {
        if self.without_subscriber > 0 {
            // What a metric filter on the log counts.
            tracing::error!(
                no_subscriber = self.without_subscriber,
                "the topic of emails has no confirmed subscriber"
            );
        }
        tracing::info!(
            records = self.records,
            new_orders = self.new_orders,
            not_done = self.not_done,
            "a batch was handled"
        );
    }
}
