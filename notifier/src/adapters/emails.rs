//! The topic of emails, on SNS.

use function_runtime::CallError;
use function_runtime::aws::call_error;
use function_runtime::call_error::code;

use super::Aws;
use crate::email::Email;
use crate::ports::Emails;

impl Emails for Aws {
    async fn confirmed_subscribers(&self) -> Result<u64, CallError> {
        let topic = self.sns.get_topic_attributes().topic_arn(&self.topic).send();
        let attributes = topic.await.map_err(|error| call_error(&error))?.attributes;
        attributes
            .unwrap_or_default()
            .get("SubscriptionsConfirmed")
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| CallError::new(code::UNREADABLE_ANSWER))
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let request = self.sns_without_retries.publish().topic_arn(&self.topic);
        let sent = request.subject(&email.subject).message(&email.body).send().await;
        sent.map(drop).map_err(|error| call_error(&error))
    }
}
