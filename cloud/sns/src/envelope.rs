//! The JSON envelope in which subscribers get a message, unless its delivery is raw.
//!
//! Source: SNS Developer Guide, "HTTP/HTTPS notification JSON format". The field order and the spaces are AWS's.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_sqs::AttributeValue;
use serde_json::{Value, json};

use crate::message::Message;
use crate::signature::{Signature, SignedFields};
use crate::subscription::{Protocol, Subscription};

/// The type of a published message.
pub(crate) const NOTIFICATION: &str = "Notification";

/// Returns the fields of a notification that are signed. All subscribers of one protocol get the same.
pub(super) fn signed_fields<'a>(
    topic_arn: &'a str,
    message: &'a Message,
    protocol: Protocol,
) -> SignedFields<'a> {
    SignedFields {
        kind: NOTIFICATION,
        message_id: &message.id,
        topic_arn,
        text: message.text_for(protocol.as_str()),
        timestamp: &message.timestamp,
        subject: message.subject.as_deref(),
        subscribe: None,
    }
}

/// Builds the envelope of a notification for one subscription.
pub(super) fn notification(
    subscription: &Subscription,
    message: &Message,
    signature: &Signature,
    certificate_url: &str,
    base_url: &str,
) -> String {
    let signed = signed_fields(&subscription.topic_arn, message, subscription.protocol);
    let mut envelope = Envelope::default();
    envelope.signed(&signed, signature, certificate_url);
    // AWS leaves the ARN as it is. A colon is allowed in a query.
    let arn = &subscription.arn;
    envelope.text(
        "UnsubscribeURL",
        &format!("{base_url}/?Action=Unsubscribe&SubscriptionArn={arn}"),
    );
    if !message.attributes.is_empty() {
        envelope.attributes(message);
    }
    envelope.finish()
}

/// Builds the message that asks for a confirmation.
pub(super) fn confirmation(
    fields: &SignedFields<'_>,
    signature: &Signature,
    certificate_url: &str,
) -> String {
    let mut envelope = Envelope::default();
    envelope.signed(fields, signature, certificate_url);
    envelope.finish()
}

/// A JSON object whose fields have the order in which they are added.
#[derive(Debug, Default)]
struct Envelope(Vec<String>);

impl Envelope {
    fn text(&mut self, name: &str, text: &str) {
        self.0.push(format!("  \"{name}\" : {}", Value::from(text)));
    }

    /// Adds the signed fields and the signature.
    fn signed(&mut self, fields: &SignedFields<'_>, signature: &Signature, certificate_url: &str) {
        self.text("Type", fields.kind);
        self.text("MessageId", fields.message_id);
        if let Some((_, token)) = fields.subscribe {
            self.text("Token", token);
        }
        self.text("TopicArn", fields.topic_arn);
        if let Some(subject) = fields.subject {
            self.text("Subject", subject);
        }
        self.text("Message", fields.text);
        if let Some((url, _)) = fields.subscribe {
            self.text("SubscribeURL", url);
        }
        self.text("Timestamp", fields.timestamp);
        self.text("SignatureVersion", signature.version.as_str());
        self.text("Signature", &signature.value);
        self.text("SigningCertURL", certificate_url);
    }

    fn attributes(&mut self, message: &Message) {
        let mut text = String::from("  \"MessageAttributes\" : {");
        for (number, (name, attribute)) in message.attributes.iter().enumerate() {
            let value = match &attribute.value {
                AttributeValue::String(text) => text.clone(),
                AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
            };
            let separator = if number == 0 { "" } else { "," };
            let entry = json!({ "Type": attribute.data_type, "Value": value });
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}\n    {} : {entry}", Value::from(name.as_str()));
        }
        text.push_str("\n  }");
        self.0.push(text);
    }

    fn finish(self) -> String {
        format!("{{\n{}\n}}", self.0.join(",\n"))
    }
}
