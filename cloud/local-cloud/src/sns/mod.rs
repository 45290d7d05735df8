//! SNS: standard topics over the Query protocol, with `sqs` and `email` subscriptions.
//!
//! A publish and the enqueues that follow from it are one transaction of the store: a message is in all the queues
//! that are to have it, or `Publish` failed. Known differences from AWS: filter policies look at attributes only,
//! envelopes are not signed, emails have no footer, and email subscriptions have no HTTP links but the local one.

mod email;
mod envelope;
mod error;
mod filter_policy;
mod protocol;
mod publish;
mod request;
mod subscription;
mod subscription_ops;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use error::SnsError;
pub use subscription::SubscriptionState;

pub(crate) use protocol::{NAMESPACE, call, respond};

use crate::iam::Iam;
use crate::mail::Mail;
use crate::sqs::{ACCOUNT, Sqs};
use crate::store::Store;

/// What an [`Sns`] is made of.
#[derive(Clone, Debug)]
pub struct SnsConfig {
    /// The queues that it delivers to, in whose store topics are kept.
    pub sqs: Sqs,
    /// The mailbox that it delivers to.
    pub mail: Mail,
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

    /// Creates the topic, or sets its attributes to these. Returns its ARN.
    pub async fn converge_topic(
        &self,
        name: &str,
        attributes: BTreeMap<String, String>,
    ) -> Result<String, SnsError> {
        topic::converge(self, name, attributes).await
    }

    /// Creates the subscription, or sets its attributes to these where topic, protocol and endpoint have one.
    /// Returns its ARN.
    ///
    /// `sqs` is confirmed at once. A new `email` is confirmed at once if `confirm` is set or the service is
    /// configured so, else it waits for `ConfirmSubscription`; one that is there already, waiting or suspended, is
    /// confirmed by `confirm` too.
    pub async fn converge_subscription(
        &self,
        topic_arn: &str,
        protocol: &str,
        endpoint: &str,
        attributes: BTreeMap<String, String>,
        confirm: bool,
    ) -> Result<String, SnsError> {
        subscription_ops::converge(self, topic_arn, protocol, endpoint, &attributes, confirm).await
    }

    /// Every subscription with its state and, for `email`, its rate.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionState>, SnsError> {
        subscription_ops::states(self).await
    }

    /// Enforces the policies of the topics that exist, which later changes keep up.
    pub(crate) async fn enforce_policies(&self) -> Result<(), SnsError> {
        topic::enforce_policies(self).await
    }

    fn iam(&self) -> &Iam {
        self.0.sqs.iam()
    }

    fn store(&self) -> &Store {
        self.0.sqs.store()
    }

    fn sqs(&self) -> &Sqs {
        &self.0.sqs
    }

    fn mail(&self) -> &Mail {
        &self.0.mail
    }

    fn now_ms(&self) -> i64 {
        self.0.sqs.clock().now_ms()
    }
}

#[cfg(test)]
mod tests;
