//! Accepted orders that became dead letters. Only a message whose receives are used up may become one.

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use dead_letters::{DeadLetter, DeadLetterQueue, QueueName};
use serde::Deserialize;
use stack_client::{Connection, Resource};

use super::scratch::Scratch;
use crate::journal::Journal;
use crate::verify::find_order_held;

/// The dead letters that hold an accepted order. Poison and other letters are left to `verify`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DeadLetteredOrders {
    /// The message ids of the letters.
    pub(super) ids: Vec<String>,
    /// The orders of letters that had receives left, and the reasons of their failure.
    pub(super) too_early: Vec<String>,
}

/// The needed field of a queue's redrive policy.
#[derive(Deserialize)]
struct RedrivePolicy {
    #[serde(rename = "maxReceiveCount")]
    max_receive_count: u64,
}

impl DeadLetteredOrders {
    /// Reads both dead-letter queues.
    pub(super) async fn find(connection: &Connection, scratch: &Scratch) -> anyhow::Result<Self> {
        let journal = Journal::read(&scratch.journal())?;
        let mut found = Self::default();
        for queue in QueueName::OF_SERVICES {
            // The future may read a stack: it is too large for the stack of the thread.
            let max_receive_count = Box::pin(read_max_receive_count(connection, queue)).await?;
            for letter in
                dead_letters::read_all_letters(&DeadLetterQueue::open(connection, queue).await?).await?
            {
                found.add(&journal, &letter, max_receive_count);
            }
        }
        Ok(found)
    }

    fn add(&mut self, journal: &Journal, letter: &DeadLetter, max_receive_count: u64) {
        let Some(order_id) = find_order_held(journal, letter) else {
            return;
        };
        self.ids.push(letter.message_id.clone());
        if letter.receive_count < max_receive_count {
            let (count, reason) = (letter.receive_count, &letter.reason);
            self.too_early.push(format!(
                "{order_id}: {reason} at receive {count} of {max_receive_count}"
            ));
        }
    }
}

/// The `maxReceiveCount` of a queue: SQS moves a message to the dead-letter queue after so many receives.
async fn read_max_receive_count(connection: &Connection, queue: QueueName) -> anyhow::Result<u64> {
    let url = connection.resource(match queue {
        QueueName::Orders => Resource::OrdersQueueUrl,
        QueueName::Notifications => Resource::NotificationsQueueUrl,
        QueueName::Emails | QueueName::Covers => {
            anyhow::bail!("{} do not come from a queue", queue.name())
        }
    });
    let sqs = connection.sqs().await?;
    let request = sqs.get_queue_attributes().queue_url(url.await?);
    let answer = request.attribute_names(QueueAttributeName::RedrivePolicy).send();
    let attributes = answer.await?.attributes.unwrap_or_default();
    let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
    let policy = policy.with_context(|| format!("the queue {} has no redrive policy", queue.name()))?;
    Ok(serde_json::from_str::<RedrivePolicy>(policy)?.max_receive_count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::samples;

    fn find_in(letter: &DeadLetter) -> DeadLetteredOrders {
        let mut journal = Journal::default();
        journal.accepted.insert(samples::id(0), samples::acceptance(0));
        let mut found = DeadLetteredOrders::default();
        found.add(&journal, letter, 12);
        found
    }

    #[test]
    fn an_order_may_become_a_dead_letter_only_after_its_last_receive() {
        let mut letter = samples::letter(QueueName::Orders, samples::message(0, 0));
        letter.receive_count = 12;
        let late = find_in(&letter);
        assert_eq!((late.ids, late.too_early), (vec!["letter".to_owned()], vec![]));
        letter.receive_count = 1;
        let early = find_in(&letter);
        assert_eq!(early.ids, ["letter"]);
        let expected = format!("{}: ThrottlingError at receive 1 of 12", samples::id(0));
        assert_eq!(early.too_early, [expected]);
    }

    #[test]
    fn letters_without_an_accepted_order_are_left_to_verify() {
        for letter in [
            samples::poison(),
            samples::letter(QueueName::Orders, samples::message(0, 1)),
            samples::letter(QueueName::Notifications, samples::event(1, 1)),
        ] {
            assert_eq!(find_in(&letter), DeadLetteredOrders::default());
        }
    }
}
