//! The Query protocol: chooses the action, reads its form and writes its XML answer.

use bytes::Bytes;
use cloud_wire::{Form, Xml, query};
use http::Response;

use crate::error::SnsError;
use crate::service::Sns;
use crate::{publish, subscription_ops as subscriptions, topic};

/// The XML namespace of answers.
pub const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// Runs the action and returns the content of its result element. `signed` is true if the caller signed the
/// request.
pub async fn call(sns: &Sns, action: &str, form: &Form, signed: bool) -> Result<Xml, SnsError> {
    call_traced(sns, action, form, signed, None).await
}

/// Does the same for a request with the header `X-Amzn-Trace-Id`, which deliveries to queues carry on.
pub async fn call_traced(
    sns: &Sns,
    action: &str,
    form: &Form,
    signed: bool,
    trace_header: Option<&str>,
) -> Result<Xml, SnsError> {
    match action {
        "CreateTopic" => topic::create(sns, form).await,
        "DeleteTopic" => topic::delete(sns, form).await,
        "ListTopics" => topic::list(sns, form).await,
        "GetTopicAttributes" => topic::get_attributes(sns, form).await,
        "SetTopicAttributes" => topic::set_attributes(sns, form).await,
        "Subscribe" => subscriptions::subscribe(sns, form).await,
        "ConfirmSubscription" => subscriptions::confirm(sns, form, signed).await,
        "Unsubscribe" => subscriptions::unsubscribe(sns, form, signed).await,
        "ListSubscriptions" => subscriptions::list(sns, form).await,
        "ListSubscriptionsByTopic" => subscriptions::list_by_topic(sns, form).await,
        "GetSubscriptionAttributes" => subscriptions::get_attributes(sns, form).await,
        "SetSubscriptionAttributes" => subscriptions::set_attributes(sns, form).await,
        "Publish" => publish::publish(sns, form, trace_header).await,
        "PublishBatch" => publish::publish_batch(sns, form, trace_header).await,
        _ => Err(SnsError::InvalidAction(action.to_owned())),
    }
}

/// Builds the HTTP response.
pub fn respond(action: &str, outcome: Result<Xml, SnsError>, request_id: &str) -> Response<Bytes> {
    match outcome {
        Ok(result) => query::success(NAMESPACE, action, &result, request_id),
        Err(error) => {
            if let SnsError::Internal(reason) = &error {
                tracing::error!(reason, "an SNS request failed");
            }
            query::failure(
                NAMESPACE,
                error.status(),
                error.code(),
                &error.message(),
                request_id,
            )
        }
    }
}
