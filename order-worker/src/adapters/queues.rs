//! The queue of orders and its dead-letter queue, in SQS.

use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::{Queues, VisibilityChange};
use queue_consumer::refusal::Answers;

use super::Aws;

impl Queues for Aws {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        self.queues.bury(letters).await
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        self.queues.change_visibility(changes).await
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.queues.delete(receipt_handles).await
    }
}
