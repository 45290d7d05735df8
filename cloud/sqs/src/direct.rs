//! Calls of other parts of the program to queues, without a protocol.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_iam::{Caller, Permission};
use cloud_store::Tx;

use crate::error::SqsError;
use crate::message::{NewMessage, ReceivedMessage};
use crate::name::queue_name;
use crate::ops::depths::QueueDepth;
use crate::queue::Queue;
use crate::service::{Sqs, SqsConfig};
use crate::{expiry, ops};

impl Sqs {
    /// Starts the service and its background tasks: the alarm, the deletion of expired messages, and message
    /// move tasks that an earlier process did not finish.
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

    /// Creates the queue, or sets the attributes of an existing queue and keeps its messages. Returns the
    /// queue's URL.
    ///
    /// Attributes that are not given get their default values, as in a CloudFormation update.
    pub async fn converge_queue(
        &self,
        name: &str,
        attributes: BTreeMap<String, String>,
    ) -> Result<String, SqsError> {
        ops::queues::converge(self, name.to_owned(), attributes).await?;
        Ok(self.url(name))
    }

    /// Receives up to `max` messages (1 to 10). Waits up to `wait` for the first one.
    ///
    /// `queue` is a name, URL or ARN. The answer has all system attributes and message attributes.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<ReceivedMessage>, SqsError> {
        ops::receive::receive(self, queue_name(queue), max, None, Some(wait)).await
    }

    /// Deletes messages by receipt handle, any number in one transaction. An outdated receipt handle deletes
    /// nothing.
    pub async fn delete(&self, queue: &str, receipt_handles: Vec<String>) -> Result<(), SqsError> {
        ops::delete::delete_all(self, queue_name(queue), receipt_handles).await
    }

    /// Makes received messages ready again at once. An outdated receipt handle changes nothing.
    pub async fn release(&self, queue: &str, receipt_handles: Vec<String>) -> Result<(), SqsError> {
        ops::visibility::release_all(self, queue_name(queue), receipt_handles).await
    }

    /// Makes messages ready at once whose retry is postponed: those that stay hidden for longer than the
    /// queue's visibility timeout, and those that are delayed for longer. Returns how many.
    pub async fn wake(&self, queue: &str) -> Result<u64, SqsError> {
        ops::wake::wake(self, queue_name(queue)).await
    }

    /// Returns the depth and the age of every queue, by name.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, SqsError> {
        ops::depths::depths(self).await
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

    /// Puts a message into a queue on behalf of somebody who may do everything, within the transaction.
    pub fn send(&self, tx: &Tx<'_>, queue: &str, message: &NewMessage) -> Result<(), SqsError> {
        let queue = Queue::get(tx, queue)?;
        ops::send::enqueue(self, tx, &queue, message).map(drop)
    }
}
