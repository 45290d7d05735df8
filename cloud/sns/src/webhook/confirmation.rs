//! The messages that ask a subscriber to confirm that it wants messages, or that it wants none.

use uuid::Uuid;

use super::delivery::{Delivery, SUBSCRIPTION, UNSUBSCRIPTION};
use crate::delivery_policy::{DEFAULT_CONTENT_TYPE, RetrySchedule};
use crate::email::new_token;
use crate::envelope;
use crate::error::SnsError;
use crate::service::Sns;
use crate::signature::SignedFields;
use crate::subscription::Subscription;
use crate::{topic, topic_attributes};

/// A signed message with its token. It is made before the transaction that stores it, because a signature takes long.
#[derive(Clone, Debug)]
pub(crate) struct Confirmation {
    pub(crate) token: String,
    kind: &'static str,
    message_id: String,
    body: String,
}

impl Confirmation {
    /// Builds the question whether a new subscription is wanted.
    pub(crate) async fn of_subscription(sns: &Sns, topic_arn: &str) -> Result<Self, SnsError> {
        let text = format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL \
             included in this message."
        );
        Self::build(sns, SUBSCRIPTION, topic_arn, text).await
    }

    /// Builds the message about a subscription that somebody has ended without a signature.
    pub(crate) async fn of_end(sns: &Sns, subscription: &Subscription) -> Result<Self, SnsError> {
        let text = format!(
            "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, visit the \
             SubscribeURL included in this message.",
            subscription.arn
        );
        Self::build(sns, UNSUBSCRIPTION, &subscription.topic_arn, text).await
    }

    async fn build(sns: &Sns, kind: &'static str, topic_arn: &str, text: String) -> Result<Self, SnsError> {
        let key = sns.signing_key().await?;
        let arn = topic_arn.to_owned();
        let attributes = sns.store().run(move |tx| topic::get(tx, &arn)).await?;
        let version = topic_attributes::signature_version(&attributes);
        let token = new_token();
        let url = format!(
            "{}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}",
            sns.base_url()
        );
        let timestamp = cloud_wire::iso8601(sns.wall_ms());
        let certificate_url = sns.certificate_url(&key);
        let (topic_arn, message_id) = (topic_arn.to_owned(), Uuid::new_v4().to_string());
        let sign = move || {
            let fields = SignedFields {
                kind,
                message_id: &message_id,
                topic_arn: &topic_arn,
                text: &text,
                timestamp: &timestamp,
                subject: None,
                subscribe: Some((&url, &token)),
            };
            let signature = key.sign(version, &fields)?;
            let body = envelope::confirmation(&fields, &signature, &certificate_url);
            Ok(Self {
                token,
                kind,
                message_id,
                body,
            })
        };
        let signed = tokio::task::spawn_blocking(sign).await;
        signed.map_err(|error| SnsError::Internal(error.to_string()))?
    }

    /// The delivery to the endpoint of the subscription.
    pub(crate) fn delivery(&self, subscription: &Subscription) -> Delivery {
        Delivery {
            subscription_arn: subscription.arn.clone(),
            topic_arn: subscription.topic_arn.clone(),
            endpoint: subscription.endpoint.clone(),
            kind: self.kind.to_owned(),
            message_id: self.message_id.clone(),
            content_type: DEFAULT_CONTENT_TYPE.to_owned(),
            raw: false,
            body: self.body.clone(),
            retries: RetrySchedule::default(),
        }
    }
}
