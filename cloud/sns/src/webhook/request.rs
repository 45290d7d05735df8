//! One request to an endpoint.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use super::delivery::{Delivery, SUBSCRIPTION};
use crate::envelope::NOTIFICATION;

/// The time that an endpoint has for its answer. Source: SNS Developer Guide, "Prepare your endpoint".
const TIMEOUT: Duration = Duration::from_secs(15);

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// The endpoint refused the message. It is not sent again.
    Refused(String),
    /// The endpoint failed, or was not there.
    Failed(String),
}

/// Builds the client. It uses no proxy, because every endpoint is on this machine.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(TIMEOUT)
        .build()
}

/// Sends a message with the headers that were recorded on AWS.
pub(super) async fn send(client: &Client, delivery: &Delivery) -> Outcome {
    let mut request = client
        .post(&delivery.endpoint)
        .header(CONTENT_TYPE, &delivery.content_type)
        .header(USER_AGENT, "Amazon Simple Notification Service Agent")
        .header(ACCEPT_ENCODING, "gzip,deflate")
        .header("x-amz-sns-message-type", &delivery.kind)
        .header("x-amz-sns-message-id", &delivery.message_id)
        .header("x-amz-sns-topic-arn", &delivery.topic_arn)
        .body(delivery.body.clone());
    if delivery.kind != SUBSCRIPTION {
        request = request.header("x-amz-sns-subscription-arn", &delivery.subscription_arn);
    }
    if delivery.raw && delivery.kind == NOTIFICATION {
        request = request.header("x-amz-sns-rawdelivery", "true");
    }
    match request.send().await {
        Ok(response) => judge(response.status()),
        // The text of the error may have the whole URL, which may have a secret.
        Err(error) if error.is_timeout() => Outcome::Failed("it did not answer in 15 seconds".to_owned()),
        Err(error) if error.is_connect() => Outcome::Failed("nothing listens there".to_owned()),
        Err(_) => Outcome::Failed("the connection broke".to_owned()),
    }
}

/// SNS sends a message again after every status but those from 200 to 4xx. Source: SNS Developer Guide, "Prepare your
/// endpoint".
fn judge(status: StatusCode) -> Outcome {
    match status.as_u16() {
        200..=399 => Outcome::Delivered,
        400..=499 => Outcome::Refused(format!("it answered {}", status.as_u16())),
        _ => Outcome::Failed(format!("it answered {}", status.as_u16())),
    }
}
