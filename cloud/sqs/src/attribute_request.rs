//! Message attributes as a request names them: judged in AWS's order and words, then turned into a [`MessageAttribute`].
//!
//! Source: SQS API Reference, `MessageAttributeValue`; recorded answers of `SendMessage`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::SqsError;
use crate::limits;
use crate::message::{AttributeValue, MessageAttribute};

/// The attributes of a request, by name.
pub(crate) type AttributeRequests = BTreeMap<String, AttributeRequest>;

/// An attribute of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct AttributeRequest {
    data_type: Option<String>,
    string_value: Option<String>,
    binary_value: Option<String>,
    string_list_values: Vec<String>,
    binary_list_values: Vec<String>,
}

/// Checks that there are at most ten attributes, and turns each of them into an attribute with a value.
pub(crate) fn parse(attributes: AttributeRequests) -> Result<BTreeMap<String, MessageAttribute>, SqsError> {
    if attributes.len() > limits::MAX_ATTRIBUTES {
        return Err(invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            attributes.len()
        )));
    }
    let parsed = attributes.into_iter().map(|(name, attribute)| {
        let attribute = attribute.parse(&name)?;
        Ok((name, attribute))
    });
    parsed.collect()
}

impl AttributeRequest {
    /// The size that counts towards the size of the batch, whether or not the attribute is valid.
    pub(crate) fn size(&self, name: &str) -> usize {
        let binary = self.binary_value.as_deref();
        let binary = binary.and_then(|encoded| STANDARD.decode(encoded).ok());
        name.len()
            + self.data_type.as_ref().map_or(0, String::len)
            + self.string_value.as_ref().map_or(0, String::len)
            + binary.map_or(0, |bytes| bytes.len())
    }

    fn parse(self, name: &str) -> Result<MessageAttribute, SqsError> {
        limits::check_name(name)?;
        if !self.string_list_values.is_empty() || !self.binary_list_values.is_empty() {
            return Err(invalid(
                "Message attribute list values in SendMessage operation are not supported.".to_owned(),
            ));
        }
        let data_type = self.data_type.filter(|data_type| !data_type.is_empty());
        let value = match (self.string_value, self.binary_value) {
            (Some(_), Some(_)) => {
                return Err(invalid(format!(
                    "Message (user) attribute '{name}' must have a single value."
                )));
            }
            (Some(text), None) => Some(AttributeValue::String(text)),
            (None, Some(encoded)) => {
                Some(AttributeValue::Binary(STANDARD.decode(encoded).map_err(
                    |_| SqsError::Serialization("A BinaryValue is not base64.".to_owned()),
                )?))
            }
            (None, None) => None,
        };
        let empty = |what: &str| {
            invalid(format!(
                "The message (user) attribute '{name}' must contain a non-empty message attribute {what}."
            ))
        };
        let Some(data_type) = data_type else {
            return Err(empty(if value.is_none() { "value" } else { "type" }));
        };
        limits::check_type(name, &data_type)?;
        let attribute = MessageAttribute {
            data_type,
            value: value.ok_or_else(|| empty("value"))?,
        };
        limits::check_value(name, &attribute)?;
        Ok(attribute)
    }
}

fn invalid(message: String) -> SqsError {
    SqsError::InvalidParameterValue(message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(attribute: &serde_json::Value) -> String {
        let attributes = serde_json::from_value(json!({ "Hello": attribute })).unwrap();
        parse(attributes).unwrap_err().message()
    }

    #[test]
    fn attributes_without_type_or_value_are_refused_by_what_they_lack() {
        for (attribute, message) in [
            (
                json!({}),
                "The message (user) attribute 'Hello' must contain a non-empty message attribute value.",
            ),
            (
                json!({"StringValue": "x"}),
                "The message (user) attribute 'Hello' must contain a non-empty message attribute type.",
            ),
            (
                json!({"DataType": "String"}),
                "The message (user) attribute 'Hello' must contain a non-empty message attribute value.",
            ),
            (
                json!({"DataType": "String", "StringValue": ""}),
                "Message (user) attribute 'Hello' must contain a non-empty value of type 'String'.",
            ),
            (
                json!({"DataType": "String", "StringValue": "x", "BinaryValue": "eA=="}),
                "Message (user) attribute 'Hello' must have a single value.",
            ),
            (
                json!({"DataType": "StringList", "StringListValues": ["x"]}),
                "Message attribute list values in SendMessage operation are not supported.",
            ),
        ] {
            assert_eq!(refused(&attribute), message);
        }
    }

    #[test]
    fn eleven_attributes_are_one_too_many() {
        let eleven: serde_json::Map<_, _> = (0..11)
            .map(|n| (format!("n{n}"), json!({"DataType": "String", "StringValue": "x"})))
            .collect();
        let error = parse(serde_json::from_value(json!(eleven)).unwrap()).unwrap_err();
        assert_eq!(
            error.message(),
            "Number of message attributes [11] exceeds the allowed maximum [10]."
        );
    }
}
