//! SQS: standard queues over AWS JSON 1.0. Queues and messages are in the store.
//!
//! `ops` has one module for each family of actions. `protocol` reads requests and writes answers. An alarm in
//! `expiry` ends visibility timeouts and delays and redrives messages. So a poison message reaches the
//! dead-letter queue even if nobody polls its source queue.
//!
//! Known differences from AWS: FIFO queues are refused, the name of a deleted queue can be used again at
//! once, and the approximate counts are exact.

use std::sync::Arc;

use cloud_iam::Iam;
use cloud_store::{Store, Tx};
use cloud_wire::{ACCOUNT, Clock};
use tokio::sync::watch;

use crate::settings::QueueSettings;
use crate::signals::Signals;

/// The configuration of an [`Sqs`].
#[derive(Clone, Debug)]
pub struct SqsConfig {
    /// The start of every queue URL, for example `http://127.0.0.1:4566`.
    pub base_url: String,
    /// The region in ARNs.
    pub region: String,
    /// The store of queues and messages.
    pub store: Store,
    /// The source of the current time.
    pub clock: Clock,
    /// Becomes true when the service stops. Then long polls answer and background tasks end.
    pub stopping: watch::Receiver<bool>,
}

/// The queue service. Cloning it is cheap.
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

    /// Returns the ARN of the queue with this name. The queue need not exist.
    #[must_use]
    pub fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", self.0.config.region)
    }

    /// Returns the URL of the queue with this name. The queue need not exist.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.0.config.base_url)
    }

    /// The policies of the queues, and the calls that they denied.
    #[must_use]
    pub fn iam(&self) -> &Iam {
        &self.0.iam
    }

    /// Enforces the policy of a queue after the commit of `tx`.
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
