//! Deliveries to queues, and to the dead-letter queues of subscriptions.

use std::collections::BTreeMap;

use cloud_iam::Caller;
use cloud_sqs::limits::MAX_ATTRIBUTES;
use cloud_sqs::{NewMessage, SqsError, name};
use cloud_store::Tx;

use crate::error::SnsError;
use crate::message::Message;
use crate::service::Sns;
use crate::subscription::Subscription;

/// The `SenderId` that AWS shows for messages from SNS.
const SENDER: &str = "AIDAIT2UOQQY3AUEKVGXU";

/// Builds the SQS message of a delivery: the published text with its attributes (raw delivery), or `envelope`.
pub(super) fn to_send(message: &Message, protocol: &str, envelope: Option<String>) -> NewMessage {
    let (body, attributes) = match envelope {
        Some(envelope) => (envelope, BTreeMap::new()),
        None => (message.text_for(protocol).to_owned(), message.attributes.clone()),
    };
    NewMessage {
        attributes,
        trace_header: message.trace_header.clone(),
        group_id: message.group_id.clone(),
        ..letter(body)
    }
}

/// Builds the dead letter of a message for an HTTP endpoint: its body as it was sent.
pub(super) fn letter(body: String) -> NewMessage {
    NewMessage {
        body,
        attributes: BTreeMap::new(),
        trace_header: None,
        group_id: None,
        sender_id: SENDER.to_owned(),
        delay_seconds: None,
    }
}

/// Adds a delivery to the subscription's queue. If that fails, adds it to the subscription's dead-letter queue.
///
/// Raw delivery of a message with over ten attributes is a client-side error, and a client-side error leads to the
/// dead-letter queue. The dead letter keeps all attributes, so that nothing is lost. Sources: SNS Developer Guide, "Amazon SNS
/// message attributes" and "Amazon SNS dead-letter queues".
pub(super) fn deliver(
    sns: &Sns,
    tx: &Tx<'_>,
    subscription: &Subscription,
    delivery: &NewMessage,
) -> Result<(), SnsError> {
    let queue = name::from_arn(&subscription.endpoint).unwrap_or_default();
    let reason = if delivery.attributes.len() > MAX_ATTRIBUTES {
        "raw delivery allows at most ten attributes".to_owned()
    } else {
        match try_enqueue(sns, tx, &subscription.topic_arn, queue, delivery)? {
            Ok(()) => return Ok(()),
            Err(error) => format!("its queue refused it: {}", error.code()),
        }
    };
    dead_letter(sns, tx, subscription, delivery, &reason)
}

/// Adds a delivery that failed to the subscription's dead-letter queue, or drops it.
pub(super) fn dead_letter(
    sns: &Sns,
    tx: &Tx<'_>,
    subscription: &Subscription,
    delivery: &NewMessage,
    reason: &str,
) -> Result<(), SnsError> {
    let arn = &subscription.arn;
    let Some(dead_letters) = subscription.dead_letter_queue() else {
        tracing::warn!(
            subscription = arn,
            reason,
            "{arn} drops a message: {reason}, and it has no dead-letter queue"
        );
        return Ok(());
    };
    if let Err(error) = try_enqueue(sns, tx, &subscription.topic_arn, &dead_letters, delivery)? {
        tracing::warn!(
            subscription = arn,
            reason,
            error = error.code(),
            "{arn} drops a message: {reason}, and its dead-letter queue refused it"
        );
    }
    Ok(())
}

/// Adds a delivery to a queue whose policy must allow SNS. The outer error comes from the store and rolls
/// back the publish. The inner error comes from the queue.
fn try_enqueue(
    sns: &Sns,
    tx: &Tx<'_>,
    topic_arn: &str,
    queue: &str,
    delivery: &NewMessage,
) -> Result<Result<(), SqsError>, SnsError> {
    let caller = Caller::Service {
        name: cloud_iam::SNS,
        source_arn: topic_arn.to_owned(),
    };
    match sns.sqs().send_for(tx, &caller, queue, delivery) {
        Err(SqsError::Internal(reason)) => Err(SnsError::Internal(reason)),
        outcome => Ok(outcome),
    }
}
