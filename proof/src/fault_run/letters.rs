//! Accepted orders that became dead letters: a bad day may use up all tries of a message, and nothing else may bury it.

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use dead_letters::{DeadLetter, DeadLetterQueue, QueueName};
use serde::Deserialize;
use stack_client::{Connection, Resource};

use super::scratch::Scratch;
use crate::journal::Journal;
use crate::verify::order_held;

/// The letters that hold an accepted order. Poison is none of them, and what else lies there is for `verify` to judge.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Buried {
    /// The letters' ids.
    pub(super) ids: Vec<String>,
    /// Those that had tries left: their orders, and why they were given up.
    pub(super) too_early: Vec<String>,
}

/// As much of a queue's redrive policy as is needed.
#[derive(Deserialize)]
struct Redrive {
    #[serde(rename = "maxReceiveCount")]
    max_receive_count: u64,
}

impl Buried {
    /// Looks into both dead-letter queues.
    pub(super) async fn find(connection: &Connection, scratch: &Scratch) -> anyhow::Result<Self> {
        let journal = Journal::read(&scratch.journal())?;
        let mut buried = Self::default();
        for queue in QueueName::selected(None) {
            // On the heap: it may look the stack up.
            let tries = Box::pin(tries(connection, queue)).await?;
            for letter in
                dead_letters::read_all_letters(&DeadLetterQueue::open(connection, queue).await?).await?
            {
                buried.add(&journal, &letter, tries);
            }
        }
        Ok(buried)
    }

    fn add(&mut self, journal: &Journal, letter: &DeadLetter, tries: u64) {
        let Some(order_id) = order_held(journal, letter) else {
            return;
        };
        self.ids.push(letter.message_id.clone());
        if letter.receive_count < tries {
            let (count, reason) = (letter.receive_count, &letter.reason);
            self.too_early
                .push(format!("{order_id}: {reason} at try {count} of {tries}"));
        }
    }
}

/// How often a message of the queue is received before it is given up.
async fn tries(connection: &Connection, queue: QueueName) -> anyhow::Result<u64> {
    let url = connection.resource(match queue {
        QueueName::Orders => Resource::OrdersQueueUrl,
        QueueName::Notifications => Resource::NotificationsQueueUrl,
    });
    let sqs = connection.sqs().await?;
    let request = sqs.get_queue_attributes().queue_url(url.await?);
    let answer = request.attribute_names(QueueAttributeName::RedrivePolicy).send();
    let attributes = answer.await?.attributes.unwrap_or_default();
    let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
    let policy = policy.with_context(|| format!("the queue {} has no redrive policy", queue.name()))?;
    Ok(serde_json::from_str::<Redrive>(policy)?.max_receive_count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::samples;

    fn buried(letter: &DeadLetter) -> Buried {
        let mut journal = Journal::default();
        journal.accepted.insert(samples::id(0), samples::acceptance(0));
        let mut buried = Buried::default();
        buried.add(&journal, letter, 12);
        buried
    }

    #[test]
    fn an_order_may_be_given_up_after_its_last_try_and_not_before() {
        let mut letter = samples::letter(QueueName::Orders, samples::message(0, 0));
        letter.receive_count = 12;
        let late = buried(&letter);
        assert_eq!((late.ids, late.too_early), (vec!["letter".to_owned()], vec![]));
        letter.receive_count = 1;
        let early = buried(&letter);
        assert_eq!(early.ids, ["letter"]);
        let told = format!("{}: ThrottlingError at try 1 of 12", samples::id(0));
        assert_eq!(early.too_early, [told]);
    }

    #[test]
    fn what_holds_no_accepted_order_is_left_to_the_comparison() {
        for letter in [
            samples::poison(),
            samples::letter(QueueName::Orders, samples::message(0, 1)),
            samples::letter(QueueName::Notifications, samples::event(1, 1)),
        ] {
            assert_eq!(buried(&letter), Buried::default());
        }
    }
}
