//! The topic of emails, on SNS.

use aws_sdk_sns::types::Subscription;
use function_runtime::CallError;
use function_runtime::aws::{call_error, set_trace};

use super::Aws;
use crate::email::Email;
use crate::ports::{Emails, Subscribers};

impl Emails for Aws {
    /// Reads pages until the answer is known: one page has 100 subscriptions.
    async fn subscribers(&self) -> Result<Subscribers, CallError> {
        let mut subscribers = Subscribers {
            any_confirmed: false,
            is_shop_missing: self.shop.is_some(),
        };
        let mut next_token = None;
        loop {
            let request = self.sns.list_subscriptions_by_topic().topic_arn(&self.topic);
            let page = request.set_next_token(next_token).send().await;
            let page = page.map_err(|error| call_error(&error))?;
            for subscription in page.subscriptions().iter().filter(|one| is_confirmed(one)) {
                subscribers.any_confirmed = true;
                subscribers.is_shop_missing &= subscription.endpoint != self.shop;
            }
            next_token = page.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() || (subscribers.any_confirmed && !subscribers.is_shop_missing) {
                return Ok(subscribers);
            }
        }
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let request = self.sns_without_retries.publish().topic_arn(&self.topic);
        let request = request.subject(&email.subject).message(&email.body);
        let trace = email.trace;
        let request = request.customize().mutate_request(move |http| {
            if let Some(trace) = trace {
                set_trace(http, &trace.to_xray());
            }
        });
        request.send().await.map(drop).map_err(|error| call_error(&error))
    }
}

/// Whether a subscription is confirmed. The text in place of its ARN says if it is not: `PendingConfirmation`, or `Deleted`.
fn is_confirmed(subscription: &Subscription) -> bool {
    let arn = subscription.subscription_arn.as_deref();
    arn.is_some_and(|arn| arn.starts_with("arn:"))
}
