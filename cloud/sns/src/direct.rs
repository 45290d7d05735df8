//! Calls of other parts of the program to topics, without a protocol.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::error::SnsError;
use crate::service::Sns;
use crate::subscription::SubscriptionState;
use crate::{subscription_ops, topic, topic_ops, webhook};

impl Sns {
    /// Creates the topic, or sets the attributes of an existing topic. Returns its ARN.
    pub async fn converge_topic(
        &self,
        name: &str,
        attributes: BTreeMap<String, String>,
    ) -> Result<String, SnsError> {
        topic_ops::converge(self, name, attributes).await
    }

    /// Creates the subscription, or sets the attributes of the subscription that has this topic, protocol and
    /// endpoint. Returns its ARN.
    ///
    /// An `sqs` subscription is confirmed at once. An `email` subscription is confirmed at once if `confirm`
    /// or [`SnsConfig::confirm_emails`](crate::SnsConfig::confirm_emails) is set, even if it exists already and is pending or suspended.
    /// Otherwise a new one waits for `ConfirmSubscription`.
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

    /// Removes the subscriptions that [`Sns::converge_subscription`] created or updated, now or at an earlier start, and that
    /// are not among `arns`. Those that clients created with `Subscribe` stay.
    ///
    /// A new endpoint is a new subscription: `CloudFormation` creates the new one and then deletes the old one. Source:
    /// CloudFormation Template Reference, `AWS::SNS::Subscription`, `Endpoint`: "Update requires: Replacement".
    pub async fn keep_subscriptions_of_stack(&self, arns: Vec<String>) -> Result<(), SnsError> {
        subscription_ops::keep_of_stack(self, arns).await
    }

    /// Confirms a pending or suspended subscription without its token. Returns its state.
    pub async fn confirm_subscription(&self, arn: &str) -> Result<SubscriptionState, SnsError> {
        subscription_ops::confirm_by_operator(self, arn.to_owned()).await
    }

    /// Returns every subscription with its state and, for `email`, its highest rate.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionState>, SnsError> {
        subscription_ops::states(self).await
    }

    /// Enforces the policies of the topics that are in the store. Later changes of a topic update its policy.
    pub async fn enforce_policies(&self) -> Result<(), SnsError> {
        topic::enforce_policies(self).await
    }

    /// Sends messages to HTTP and HTTPS endpoints until `stopping` becomes true.
    pub async fn run_webhooks(self, stopping: watch::Receiver<bool>) {
        webhook::run(self, stopping).await;
    }
}
