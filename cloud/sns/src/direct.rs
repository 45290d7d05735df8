//! What other parts of the program ask of topics, without the wire.

use std::collections::BTreeMap;

use crate::error::SnsError;
use crate::service::Sns;
use crate::subscription::SubscriptionState;
use crate::{subscription_ops, topic};

impl Sns {
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
    pub async fn enforce_policies(&self) -> Result<(), SnsError> {
        topic::enforce_policies(self).await
    }
}
