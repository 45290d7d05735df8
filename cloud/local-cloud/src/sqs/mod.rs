//! SQS: standard queues over AWS JSON 1.0, on the store.
//!
//! One module per family of actions; `protocol` reads and writes the wire. What time does (visibility timeouts,
//! delays, retention, redrive) happens by an alarm, so that a poison message lies in its dead-letter queue although
//! nobody polls any more. Known differences from AWS: FIFO queues are refused, a deleted name can be used again at
//! once, and counts are exact.

pub(crate) mod digest;
mod error;
mod expiry;
pub(crate) mod limits;
pub(crate) mod message;
pub(crate) mod name;
mod ops;
pub(crate) mod protocol;
pub(crate) mod queue;
mod receipt;
mod settings;
mod signals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use error::SqsError;
pub use message::{AttributeValue, MessageAttribute, ReceivedMessage};
pub use name::ACCOUNT;

use crate::clock::Clock;
use crate::iam::Iam;
use crate::store::{Store, Tx};
use signals::Signals;

/// What an [`Sqs`] is made of.
#[derive(Clone, Debug)]
pub struct SqsConfig {
    /// The address that queue URLs begin with, `http://127.0.0.1:4566` for instance.
    pub base_url: String,
    /// The region in ARNs.
    pub region: String,
    /// Where queues and messages are kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Becomes true when long polls are to answer and background work is to end.
    pub stopping: watch::Receiver<bool>,
}

/// The queue service; cheap to clone.
#[derive(Clone, Debug)]
pub struct Sqs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SqsConfig,
    signals: Arc<Signals>,
    iam: Iam,
}

impl Sqs {
    /// Starts the service and its background work: the alarm, the sweeper and unfinished message move tasks.
    pub async fn start(config: SqsConfig) -> Result<Self, SqsError> {
        let sqs = Self(Arc::new(Inner {
            config,
            signals: Arc::default(),
            iam: Iam::default(),
        }));
        for queue in sqs.store().run(queue::Queue::all).await? {
            sqs.0
                .iam
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

    /// The ARN of a queue of this name, whether it exists or not.
    #[must_use]
    pub fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", self.0.config.region)
    }

    /// The URL of a queue of this name, whether it exists or not.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.0.config.base_url)
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

    /// Whom queues let in, and what was refused.
    #[must_use]
    pub fn iam(&self) -> &Iam {
        &self.0.iam
    }

    /// Enforces a queue's policy from the commit on.
    fn enforce_policy(&self, tx: &Tx<'_>, name: &str, settings: Option<&settings::QueueSettings>) {
        let policy = settings.and_then(settings::QueueSettings::policy);
        let (iam, arn) = (self.0.iam.clone(), self.arn(name));
        tx.on_commit(move || iam.set_resource_policy(&arn, policy));
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.config.store
    }

    pub(crate) fn region(&self) -> &str {
        &self.0.config.region
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.config.clock
    }

    fn signals(&self) -> &Arc<Signals> {
        &self.0.signals
    }

    fn stopping(&self) -> watch::Receiver<bool> {
        self.0.config.stopping.clone()
    }
}

/// The name in a queue's name, URL or ARN.
pub(crate) fn queue_name(queue: &str) -> String {
    name::from_arn(queue)
        .unwrap_or_else(|| name::from_url(queue))
        .to_owned()
}

pub(crate) use ops::send::enqueue;

#[cfg(test)]
mod tests;
