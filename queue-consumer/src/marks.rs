//! Marks of dead letters: what a consumer notes about each, outside of the queues.

use function_runtime::batch_calls::BatchCalls;
use function_runtime::{Answers, CallDeadline, Clock, Rng, panics};
use timestamp::Timestamp;
use uuid::Uuid;

use crate::record::Record;

/// The most marks of one call (AWS: `BatchExecuteStatement`).
pub const MAX_MARKS: usize = 25;

/// A note about a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The order that its body names.
    pub order_id: Uuid,
    /// The reason's code.
    pub error_code: String,
    /// When it became a dead letter.
    pub failed_at: Timestamp,
    /// When the order was accepted: as the body says, or else when the message was sent.
    pub accepted_at: Timestamp,
}

/// The place of the marks. A mark is for information only: no message depends on it.
pub trait Marks {
    /// Notes up to [`MAX_MARKS`] dead letters of distinct orders. A mark that exists stays. Notes nothing unless it is implemented.
    fn mark_dead_letters(&self, marks: &[Mark]) -> impl Future<Output = Answers> {
        std::future::ready(Ok(vec![Ok(()); marks.len()]))
    }
}

impl Mark {
    /// The mark of a record that is in the dead-letter queue now. None if its body holds no order.
    pub(crate) fn of(record: &Record, error_code: &str, failed_at: Timestamp) -> Option<Self> {
        Some(Self {
            order_id: record.held_order_id()?,
            error_code: error_code.to_owned(),
            failed_at,
            accepted_at: record
                .accepted_at()
                .or_else(|| record.first_sent_at())
                .unwrap_or(failed_at),
        })
    }
}

/// Notes dead letters, as far as there is time, each in one attempt. A failure is logged and harms nothing.
pub(crate) async fn mark<'a, P: Marks + Clock>(
    ports: &P,
    dead_letters: impl IntoIterator<Item = (&'a Record, &'a str)>,
    deadline: CallDeadline,
    rng: &Rng,
) {
    let now = ports.now();
    let marks = panics::catch(|| {
        let marks = dead_letters.into_iter();
        let mut marks: Vec<Mark> = marks
            .filter_map(|(record, code)| Mark::of(record, code, now))
            .collect();
        // DynamoDB refuses a call with a key twice.
        marks.sort_by_key(|mark| mark.order_id);
        marks.dedup_by_key(|mark| mark.order_id);
        marks
    });
    let calls = BatchCalls {
        clock: ports,
        deadline,
        rng,
    };
    let mark = async |marks: &[Mark]| ports.mark_dead_letters(marks).await;
    for batch in marks.unwrap_or_default().chunks(MAX_MARKS) {
        let answers = calls.once(batch, mark).await;
        let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
        if let Some(error) = failed.clone().next() {
            tracing::warn!(failed = failed.count(), error_code = %error, "dead letters could not be marked");
        }
    }
}
