//! The archive format: one dead letter a line as a JSON object, with all that is needed to send it again.
//!
//! ```json
//! {"queue":"orders","message_id":"…","sent_at":"…","body":"…","attributes":{"error_code":{"type":"String","text":"conflict"},
//!  "picture":{"type":"Binary.png","base64":"AP8H"}},"trace":"Root=1-…","group":"e30a606a…"}
//! ```

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::queue::QueueName;
use crate::scan::ReceivedLetter;
use crate::transfer::OutgoingMessage;

/// One line of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveEntry {
    /// The queue in which the message failed.
    pub(super) queue: QueueName,
    /// Its id in the dead-letter queue. An import gives it a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<String>,
    /// When it was sent there, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_at: Option<i64>,
    body: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, ArchivedAttribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

/// An attribute: text, or bytes as base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArchivedAttribute {
    /// SQS's data type, such as `String`, `Number` or `Binary.png`.
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl ArchiveEntry {
    pub(super) fn new(found: &ReceivedLetter) -> Self {
        let outgoing = OutgoingMessage::unchanged(&found.message);
        let attributes = outgoing.attributes.into_iter().map(|(name, value)| {
            let attribute = ArchivedAttribute {
                r#type: value.data_type,
                text: value.string_value,
                base64: value.binary_value.map(|bytes| STANDARD.encode(bytes)),
            };
            (name, attribute)
        });
        Self {
            queue: found.letter.queue,
            message_id: Some(found.letter.message_id.clone()),
            sent_at: found.letter.sent_at,
            body: outgoing.body,
            attributes: attributes.collect(),
            trace: outgoing.trace,
            group: outgoing.group,
        }
    }

    /// Parses a line.
    pub(super) fn parse(line: &str) -> anyhow::Result<Self> {
        let letter: Self = serde_json::from_str(line).map_err(|error| {
            // The text of the JSON error can quote the line, which may hold personal data.
            anyhow::anyhow!(
                "not a letter as `dlq export` writes it (column {})",
                error.column()
            )
        })?;
        letter.outgoing()?;
        Ok(letter)
    }

    /// The message as it was in the dead-letter queue.
    pub(super) fn outgoing(&self) -> anyhow::Result<OutgoingMessage> {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let bytes = attribute
                .base64
                .as_ref()
                .map(|text| STANDARD.decode(text))
                .transpose();
            let value = MessageAttributeValue::builder()
                .data_type(&attribute.r#type)
                .set_string_value(attribute.text.clone())
                .set_binary_value(
                    bytes
                        .with_context(|| format!("attribute {name} is not base64"))?
                        .map(Blob::new),
                )
                .build()?;
            Ok((name.clone(), value))
        });
        Ok(OutgoingMessage {
            body: self.body.clone(),
            attributes: attributes.collect::<anyhow::Result<HashMap<_, _>>>()?,
            trace: self.trace.clone(),
            group: self.group.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};

    use super::*;
    use crate::dead_letter::DeadLetter;

    fn value(data_type: &str) -> aws_sdk_sqs::types::builders::MessageAttributeValueBuilder {
        MessageAttributeValue::builder().data_type(data_type)
    }

    #[test]
    fn any_body_and_any_bytes_survive() {
        let bodies = ["not JSON \"\\\n\t", "AP8H//==", "\u{fffd}\u{1f375}", "{\"a\":1}"];
        for body in bodies {
            let noise = Blob::new((0..=255).collect::<Vec<u8>>());
            let message = Message::builder()
                .message_id("m-1")
                .body(body)
                .attributes(
                    MessageSystemAttributeName::AwsTraceHeader,
                    "Root=1-67891233-abcdef012345678912345678",
                )
                .attributes(
                    MessageSystemAttributeName::MessageGroupId,
                    "e30a606a038b9df4507d4f030b5e1df0",
                )
                .message_attributes("noise", value("Binary.png").binary_value(noise).build().unwrap())
                .message_attributes("n", value("Number.int").string_value("12").build().unwrap())
                .build();
            let found = ReceivedLetter {
                letter: DeadLetter::read(QueueName::Orders, &message),
                message,
            };
            let line = serde_json::to_string(&ArchiveEntry::new(&found)).unwrap();
            assert!(!line.contains('\n'));
            let sent = ArchiveEntry::parse(&line).unwrap().outgoing().unwrap();
            assert_eq!(sent, OutgoingMessage::unchanged(&found.message));
            assert!(sent.trace.is_some() && sent.group.is_some());
        }
    }

    #[test]
    fn a_line_that_is_no_letter_is_refused_without_a_quotation() {
        let bad = [
            "",
            "ada@example.com",
            r#"{"queue":"mail","body":"ada@example.com"}"#,
            r#"{"queue":"orders","body":"x","attributes":{"a":{"type":"Binary","base64":"ada@"}}}"#,
        ];
        for line in bad {
            let error = format!("{:#}", ArchiveEntry::parse(line).unwrap_err());
            assert!(!error.contains("ada"), "{error}");
        }
    }
}
