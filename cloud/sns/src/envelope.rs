//! The SQS message of a delivery: the published text itself (raw delivery), or AWS's JSON envelope around it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_sqs::{AttributeValue, NewMessage};
use cloud_wire::iso8601;
use serde_json::{Map, Value, json};

use crate::message::Message;
use crate::subscription::Subscription;

/// The `SenderId` that AWS shows for messages from SNS.
const SENDER: &str = "AIDAIT2UOQQY3AUEKVGXU";

/// Builds the SQS message for a subscription.
///
/// Raw delivery passes on the text and the attributes. The envelope has the same fields as on AWS, but it is
/// not signed: `Signature` and `SigningCertURL` are empty.
pub(super) fn for_queue(
    subscription: &Subscription,
    message: &Message,
    message_id: &str,
    base_url: &str,
    now_ms: i64,
) -> NewMessage {
    let text = message.text_for("sqs");
    let (body, attributes) = if subscription.is_raw() {
        (text.to_owned(), message.attributes.clone())
    } else {
        (
            envelope(subscription, message, text, message_id, base_url, now_ms),
            BTreeMap::new(),
        )
    };
    NewMessage {
        body,
        attributes,
        trace_header: message.trace_header.clone(),
        group_id: message.group_id.clone(),
        sender_id: SENDER.to_owned(),
        delay_seconds: None,
    }
}

fn envelope(
    subscription: &Subscription,
    message: &Message,
    text: &str,
    message_id: &str,
    base_url: &str,
    now_ms: i64,
) -> String {
    let mut envelope = Map::new();
    envelope.insert("Type".to_owned(), json!("Notification"));
    envelope.insert("MessageId".to_owned(), json!(message_id));
    envelope.insert("TopicArn".to_owned(), json!(subscription.topic_arn));
    if let Some(subject) = &message.subject {
        envelope.insert("Subject".to_owned(), json!(subject));
    }
    envelope.insert("Message".to_owned(), json!(text));
    envelope.insert("Timestamp".to_owned(), json!(iso8601(now_ms)));
    envelope.insert("SignatureVersion".to_owned(), json!("1"));
    envelope.insert("Signature".to_owned(), json!(""));
    envelope.insert("SigningCertURL".to_owned(), json!(""));
    let unsubscribe: String = form_urlencoded::Serializer::new(format!("{base_url}/?"))
        .append_pair("Action", "Unsubscribe")
        .append_pair("SubscriptionArn", &subscription.arn)
        .finish();
    envelope.insert("UnsubscribeURL".to_owned(), json!(unsubscribe));
    if !message.attributes.is_empty() {
        let attributes = message.attributes.iter().map(|(name, attribute)| {
            let value = match &attribute.value {
                AttributeValue::String(text) => text.clone(),
                AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
            };
            (
                name.clone(),
                json!({ "Type": attribute.data_type, "Value": value }),
            )
        });
        envelope.insert(
            "MessageAttributes".to_owned(),
            Value::Object(attributes.collect()),
        );
    }
    Value::Object(envelope).to_string()
}
