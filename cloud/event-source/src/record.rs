//! Encodes a message as a record of Lambda's SQS event.
//!
//! Source: the Lambda Developer Guide, "Using Lambda with Amazon SQS", example event.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_sqs::{AttributeValue, MessageAttribute, ReceivedMessage};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'m> {
    message_id: &'m str,
    receipt_handle: &'m str,
    body: &'m str,
    attributes: &'m BTreeMap<String, String>,
    message_attributes: BTreeMap<&'m str, Attribute<'m>>,
    /// Null without attributes, as in the events that Lambda logs.
    md5_of_message_attributes: Option<String>,
    md5_of_body: &'m str,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'m str,
    aws_region: &'m str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    string_list_values: [&'static str; 0],
    binary_list_values: [&'static str; 0],
    data_type: &'m str,
}

impl<'m> From<&'m MessageAttribute> for Attribute<'m> {
    fn from(attribute: &'m MessageAttribute) -> Self {
        let (string_value, binary_value) = match &attribute.value {
            AttributeValue::String(text) => (Some(text.as_str()), None),
            AttributeValue::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Self {
            string_value,
            binary_value,
            string_list_values: [],
            binary_list_values: [],
            data_type: &attribute.data_type,
        }
    }
}

/// Returns the record as JSON.
pub(crate) fn encode(
    message: &ReceivedMessage,
    queue_arn: &str,
    region: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Record {
        message_id: &message.message_id,
        receipt_handle: &message.receipt_handle,
        body: &message.body,
        attributes: &message.attributes,
        message_attributes: message
            .message_attributes
            .iter()
            .map(|(name, attribute)| (name.as_str(), attribute.into()))
            .collect(),
        md5_of_message_attributes: message.md5_of_message_attributes(),
        md5_of_body: &message.md5_of_body,
        event_source: "aws:sqs",
        event_source_arn: queue_arn,
        aws_region: region,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Builds a received message.
    pub(crate) fn message(id: &str, body: &str) -> ReceivedMessage {
        ReceivedMessage {
            message_id: id.to_owned(),
            receipt_handle: format!("handle-{id}"),
            body: body.to_owned(),
            md5_of_body: "5d41402abc4b2a76b9719d911017c592".to_owned(),
            attributes: BTreeMap::from([("ApproximateReceiveCount".to_owned(), "1".to_owned())]),
            message_attributes: BTreeMap::new(),
        }
    }

    #[test]
    fn a_record_has_lambdas_shape() {
        let mut message = message("m1", "hello");
        let attribute = |data_type: &str, value| MessageAttribute {
            data_type: data_type.to_owned(),
            value,
        };
        message.message_attributes = BTreeMap::from([
            (
                "a".to_owned(),
                attribute("String.kind", AttributeValue::String("x".to_owned())),
            ),
            (
                "b".to_owned(),
                attribute("Binary", AttributeValue::Binary(vec![1, 2])),
            ),
        ]);
        let json = encode(&message, "arn:aws:sqs:us-east-1:000000000000:q", "us-east-1").unwrap();
        insta::assert_snapshot!(String::from_utf8(json).unwrap().replace("\",\"", "\",\n\""), @r#"
        {"messageId":"m1",
        "receiptHandle":"handle-m1",
        "body":"hello",
        "attributes":{"ApproximateReceiveCount":"1"},"messageAttributes":{"a":{"stringValue":"x",
        "stringListValues":[],"binaryListValues":[],"dataType":"String.kind"},"b":{"binaryValue":"AQI=",
        "stringListValues":[],"binaryListValues":[],"dataType":"Binary"}},"md5OfMessageAttributes":"e01ce7b84dca5d7d77137fec4fbf805b",
        "md5OfBody":"5d41402abc4b2a76b9719d911017c592",
        "eventSource":"aws:sqs",
        "eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:q",
        "awsRegion":"us-east-1"}
        "#);
    }

    /// Source: events that functions logged on AWS.
    #[test]
    fn the_digest_of_no_attributes_is_null() {
        let json = encode(
            &message("m1", "hello"),
            "arn:aws:sqs:us-east-1:000000000000:q",
            "us-east-1",
        )
        .unwrap();
        let record: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert!(record.as_object().unwrap().contains_key("md5OfMessageAttributes"));
        assert!(record["md5OfMessageAttributes"].is_null());
        assert_eq!(record["messageAttributes"], serde_json::json!({}));
    }
}
