//! The topic of emails, on SNS.

use super::{Aws, call_error};
use crate::email::Email;
use crate::ports::{CallError, Emails};

impl Emails for Aws {
    async fn confirmed_subscribers(&self) -> Result<u64, CallError> {
        const OPERATION: &str = "GetTopicAttributes";
        let topic = self
            .sns
            .get_topic_attributes()
            .topic_arn(&self.topic)
            .send()
            .await;
        let attributes = topic
            .map_err(|error| call_error(OPERATION, &error))?
            .attributes
            .unwrap_or_default();
        let confirmed = attributes
            .get("SubscriptionsConfirmed")
            .and_then(|count| count.parse().ok());
        confirmed.ok_or_else(|| CallError {
            operation: OPERATION,
            reason: "no SubscriptionsConfirmed".to_owned(),
        })
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let request = self.sns_without_retries.publish().topic_arn(&self.topic);
        let sent = request.subject(&email.subject).message(&email.body).send().await;
        sent.map(drop).map_err(|error| call_error("Publish", &error))
    }
}
