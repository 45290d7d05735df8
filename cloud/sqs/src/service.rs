//! SQS: standard queues over AWS JSON 1.0. Queues and messages are in the store.
//!
//! `ops` has one module for each family of actions. `protocol` reads requests and writes answers. An alarm in
//! `expiry` ends visibility timeouts and delays and redrives messages. So a poison message reaches the
//! dead-letter queue even if nobody polls its source queue.
//!
//! The known differences from AWS are in `docs/AWS-COMPATIBILITY.md`.

use std::sync::Arc;

use cloud_iam::Iam;
use cloud_store::{Store, Tx};
use cloud_wire::{ACCOUNT, Activity, Clock};
use tokio::sync::watch;

use crate::adjustable_limits::AdjustableLimits;
use crate::settings::QueueSettings;
use crate::signals::Signals;
use crate::traffic::Traffic;

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
    limits: AdjustableLimits,
    traffic: Arc<Traffic>,
}

impl Sqs {
    /// The service, without its background work.
    pub(crate) fn new(config: SqsConfig) -> Self {
        Self(Arc::new(Inner {
            config,
            signals: Arc::default(),
            iam: Iam::default(),
            limits: AdjustableLimits::default(),
            traffic: Arc::default(),
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

    /// Whether something happened: a message was sent, received or deleted here, or another service noted something. A reader
    /// of [`Sqs::depths`] learns from it whether there is anything new.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        self.0.traffic.activity()
    }

    /// The limits that can be changed while the service runs.
    #[must_use]
    pub fn limits(&self) -> &AdjustableLimits {
        &self.0.limits
    }

    /// Notes, after the commit of `tx`, that the queue is deleted.
    pub(crate) fn note_deletion(&self, tx: &Tx<'_>, name: &str) {
        let (service, name) = (self.clone(), name.to_owned());
        tx.on_commit(move || service.limits().note_deletion(name, service.clock().now_ms()));
    }

    /// Returns true if the name cannot be used again yet.
    pub(crate) fn was_deleted_recently(&self, name: &str, now: i64) -> bool {
        self.limits().was_deleted_recently(name, now)
    }

    pub(crate) fn traffic(&self) -> &Arc<Traffic> {
        &self.0.traffic
    }

    pub(crate) fn signals(&self) -> &Arc<Signals> {
        &self.0.signals
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.config.stopping.clone()
    }
}
