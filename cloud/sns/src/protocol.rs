//! The Query protocol: chooses the action, reads its form and writes its XML answer.

use bytes::Bytes;
use cloud_iam::Principal;
use cloud_wire::{Form, Xml, query};
use http::Response;

use crate::error::SnsError;
use crate::service::Sns;
use crate::{publish, subscription_ops as subscriptions, tags, topic_ops as topic, topic_policy};

/// The XML namespace of answers.
pub const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// How a request arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The caller.
    pub principal: &'a Principal,
    /// The header `X-Amzn-Trace-Id`, which deliveries to queues carry on.
    pub trace_header: Option<&'a str>,
}

/// Runs the action for the operator, or for somebody without a signature, and returns the content of its result element.
pub async fn call(sns: &Sns, action: &str, form: &Form, signed: bool) -> Result<Xml, SnsError> {
    let principal = if signed {
        Principal::Operator {
            access_key: String::new(),
        }
    } else {
        Principal::Anonymous
    };
    let arrived = Arrived {
        principal: &principal,
        trace_header: None,
    };
    call_as(sns, action, form, arrived).await
}

/// Runs the action and returns the content of its result element.
pub async fn call_as(sns: &Sns, action: &str, form: &Form, arrived: Arrived<'_>) -> Result<Xml, SnsError> {
    let signed = *arrived.principal != Principal::Anonymous;
    let trace_header = arrived.trace_header;
    match action {
        "CreateTopic" => topic::create(sns, form).await,
        "DeleteTopic" => topic::delete(sns, form).await,
        "ListTopics" => topic::list(sns, form).await,
        "GetTopicAttributes" => topic::get_attributes(sns, form).await,
        "SetTopicAttributes" => topic::set_attributes(sns, form).await,
        "AddPermission" => topic_policy::add_permission(sns, form).await,
        "RemovePermission" => topic_policy::remove_permission(sns, form).await,
        "TagResource" => tags::tag(sns, form).await,
        "UntagResource" => tags::untag(sns, form).await,
        "ListTagsForResource" => tags::list(sns, form).await,
        "Subscribe" => subscriptions::subscribe(sns, form, arrived.principal).await,
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
