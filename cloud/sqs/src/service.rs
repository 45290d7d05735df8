//! SQS: standard queues over AWS JSON 1.0, on the store.
//!
//! One module per family of actions; `protocol` reads and writes the wire. What time does (visibility timeouts,
//! delays, retention, redrive) happens by an alarm, so that a poison message lies in its dead-letter queue although
//! nobody polls any more. Known differences from AWS: FIFO queues are refused, a deleted name can be used again at
//! once, and counts are exact.

use std::sync::Arc;

use cloud_iam::Iam;
use cloud_store::{Store, Tx};
use cloud_wire::{ACCOUNT, Clock};
use tokio::sync::watch;

use crate::settings::QueueSettings;
use crate::signals::Signals;

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
    /// The service, without its background work.
    pub(crate) fn new(config: SqsConfig) -> Self {
        Self(Arc::new(Inner {
            config,
            signals: Arc::default(),
            iam: Iam::default(),
        }))
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

    /// Whom queues let in, and what was refused.
    #[must_use]
    pub fn iam(&self) -> &Iam {
        &self.0.iam
    }

    /// Enforces a queue's policy from the commit on.
    pub(crate) fn enforce_policy(&self, tx: &Tx<'_>, name: &str, settings: Option<&QueueSettings>) {
        let policy = settings.and_then(QueueSettings::policy);
        let (iam, arn) = (self.0.iam.clone(), self.arn(name));
        tx.on_commit(move || iam.set_resource_policy(&arn, policy));
    }

    /// Where queues and messages are kept.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.config.store
    }

    /// The region in ARNs.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.0.config.region
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.config.clock
    }

    pub(crate) fn signals(&self) -> &Arc<Signals> {
        &self.0.signals
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.config.stopping.clone()
    }
}
