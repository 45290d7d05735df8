//! SNS: standard topics over the Query protocol, with `sqs` and `email` subscriptions.
//!
//! A publish and the enqueues that follow from it are one transaction of the store: a message is in all the queues
//! that are to have it, or `Publish` failed. Known differences from AWS: filter policies look at attributes only,
//! envelopes are not signed, emails have no footer, and email subscriptions have no HTTP links but the local one.

use std::sync::Arc;

use cloud_iam::Iam;
use cloud_sqs::Sqs;
use cloud_store::Store;
use cloud_wire::ACCOUNT;

use crate::mailbox::Mailbox;

/// What an [`Sns`] is made of.
#[derive(Clone, Debug)]
pub struct SnsConfig {
    /// The queues that it delivers to, in whose store topics are kept.
    pub sqs: Sqs,
    /// The mailbox that it delivers to.
    pub mailbox: Mailbox,
    /// The address that links in confirmation mails begin with.
    pub base_url: String,
    /// The region in ARNs.
    pub region: String,
    /// Confirms email subscriptions at once, without asking.
    pub confirm_emails: bool,
}

/// The topic service; cheap to clone.
#[derive(Clone, Debug)]
pub struct Sns(Arc<SnsConfig>);

impl Sns {
    /// The service on what `config` names.
    #[must_use]
    pub fn new(config: SnsConfig) -> Self {
        Self(Arc::new(config))
    }

    /// The ARN of a topic of this name, whether it exists or not.
    #[must_use]
    pub fn arn(&self, name: &str) -> String {
        format!("arn:aws:sns:{}:{ACCOUNT}:{name}", self.0.region)
    }

    /// The address that links begin with.
    pub(crate) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// Whether email subscriptions are confirmed at once.
    pub(crate) fn confirms_emails(&self) -> bool {
        self.0.confirm_emails
    }

    pub(crate) fn iam(&self) -> &Iam {
        self.0.sqs.iam()
    }

    pub(crate) fn store(&self) -> &Store {
        self.0.sqs.store()
    }

    pub(crate) fn sqs(&self) -> &Sqs {
        &self.0.sqs
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0.mailbox
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.sqs.clock().now_ms()
    }
}
