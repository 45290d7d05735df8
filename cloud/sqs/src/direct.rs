//! What other parts of the program ask of queues, without the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_iam::{Caller, Permission};
use cloud_store::Tx;

use crate::error::SqsError;
use crate::message::{NewMessage, ReceivedMessage};
use crate::name::queue_name;
use crate::queue::Queue;
use crate::service::{Sqs, SqsConfig};
use crate::{expiry, ops};

impl Sqs {
    /// Starts the service and its background work: the alarm, the sweeper and unfinished message move tasks.
    pub async fn start(config: SqsConfig) -> Result<Self, SqsError> {
        let sqs = Self::new(config);
        for queue in sqs.store().run(Queue::all).await? {
            sqs.iam()
                .set_resource_policy(&sqs.arn(&queue.name), queue.settings.policy());
        }
        tokio::spawn(expiry::run_alarm(sqs.clone()));
        tokio::spawn(expiry::run_sweeper(sqs.clone()));
        ops::move_task::resume(&sqs).await?;
        Ok(sqs)
    }

    /// Creates the queue, or sets its attributes to these where it exists, keeping its messages. Returns its URL.
    ///
    /// Attributes that are not given fall back to their defaults, as they do in a CloudFormation update.
    pub async fn converge_queue(
        &self,
        name: &str,
        attributes: BTreeMap<String, String>,
    ) -> Result<String, SqsError> {
        ops::queues::converge(self, name.to_owned(), attributes).await?;
        Ok(self.url(name))
    }

    /// Receives up to `max` messages (1 to 10), waiting up to `wait` for the first one.
    ///
    /// `queue` is a name, URL or ARN. All system and message attributes are given.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<ReceivedMessage>, SqsError> {
        ops::receive::receive(self, queue_name(queue), max, None, Some(wait)).await
    }

    /// Deletes by receipt handle, any number in one transaction. A receipt that is outdated deletes nothing.
    pub async fn delete(&self, queue: &str, receipt_handles: Vec<String>) -> Result<(), SqsError> {
        ops::delete::delete_all(self, queue_name(queue), receipt_handles).await
    }

    /// Makes messages ready at once that were received and not worked on. A receipt that is outdated changes nothing.
    pub async fn release(&self, queue: &str, receipt_handles: Vec<String>) -> Result<(), SqsError> {
        ops::visibility::release_all(self, queue_name(queue), receipt_handles).await
    }

    /// Makes messages ready at once that were put off: hidden for longer than the queue's visibility timeout, or delayed
    /// for longer. Answers how many.
    pub async fn wake(&self, queue: &str) -> Result<u64, SqsError> {
        ops::wake::wake(self, queue_name(queue)).await
    }

    /// Puts a message into a queue on behalf of `caller`, whom the queue's policy has to let in, within the transaction.
    pub fn send_for(
        &self,
        tx: &Tx<'_>,
        caller: &Caller,
        queue: &str,
        message: &NewMessage,
    ) -> Result<(), SqsError> {
        let permission = Permission::new("sqs:SendMessage", self.arn(queue));
        let queue = Queue::get(tx, queue)?;
        let allowed = self.iam().authorize(caller, &permission);
        allowed.map_err(|denial| SqsError::AccessDenied(denial.to_string()))?;
        ops::send::enqueue(self, tx, &queue, message).map(drop)
    }
}
