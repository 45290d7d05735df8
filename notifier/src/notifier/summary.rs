//! The summary of a batch, for the log.

use queue_consumer::record::Record;

use crate::outcome::{ErrorCode, Outcome};

/// Counts of a batch.
#[derive(Default)]
pub(super) struct Summary {
    /// Records.
    pub(super) records: usize,
    /// Orders that were not marked.
    pub(super) new_orders: usize,
    not_done: u64,
    without_subscriber: u64,
}

impl Summary {
    /// Counts the outcomes of records. Logs each record that is not done.
    pub(super) fn count(&mut self, records: &[&Record], outcomes: &[Outcome]) {
        self.records += records.len();
        for (record, outcome) in records.iter().zip(outcomes) {
            // The detail of a permanent failure may name a field of the message, so only the dead letter holds it.
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
                receive_count = record.receives(),
                error_code = %reason.code,
                error_detail = detail,
                "message {message_id} is not done: {}", reason.code
            );
        }
    }

    /// Logs the batch, and that the topic has no subscriber if so.
    pub(super) fn log(&self) {
        if self.without_subscriber > 0 {
            // A metric filter counts this field.
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
