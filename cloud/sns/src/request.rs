//! Types and functions that several actions share.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_sqs::limits::check_attribute;
use cloud_sqs::{AttributeValue, MessageAttribute};
use cloud_wire::{Form, Xml};

use crate::error::SnsError;

/// Attributes of a topic or a subscription, by name.
pub(super) type Attributes = BTreeMap<String, String>;

/// Encodes attributes for the store.
pub(super) fn encode(attributes: &Attributes) -> Result<String, SnsError> {
    serde_json::to_string(attributes).map_err(|error| SnsError::Internal(error.to_string()))
}

/// Decodes attributes from the store.
pub(super) fn decode(text: &str) -> Result<Attributes, SnsError> {
    serde_json::from_str(text).map_err(|error| SnsError::Internal(error.to_string()))
}

/// Reads `MessageAttributes.entry.N.Name`, `.Value.DataType` and the value.
pub(super) fn message_attributes(form: &Form) -> Result<BTreeMap<String, MessageAttribute>, SnsError> {
    let mut attributes = BTreeMap::new();
    for entry in form.list("MessageAttributes.entry") {
        let name = entry.get("Name").unwrap_or_default().to_owned();
        let value = match (entry.get("Value.StringValue"), entry.get("Value.BinaryValue")) {
            (text, None) => AttributeValue::String(text.unwrap_or_default().to_owned()),
            (None, Some(encoded)) => AttributeValue::Binary(STANDARD.decode(encoded).map_err(|_| {
                SnsError::InvalidParameterValue(format!(
                    "The binary value of attribute '{name}' is not base64."
                ))
            })?),
            (Some(_), Some(_)) => {
                return Err(SnsError::InvalidParameterValue(format!(
                    "The attribute '{name}' has two values."
                )));
            }
        };
        let attribute = MessageAttribute {
            data_type: entry.get("Value.DataType").unwrap_or_default().to_owned(),
            value,
        };
        check_attribute(&name, &attribute)?;
        if attributes.insert(name.clone(), attribute).is_some() {
            return Err(SnsError::InvalidParameterValue(format!(
                "The attribute '{name}' is given twice."
            )));
        }
    }
    Ok(attributes)
}

/// A page of 100 items. The token is the key of the last item on the previous page.
pub(super) struct Page {
    after: String,
}

/// Number of items of one page, as on AWS.
const PAGE: usize = 100;

impl Page {
    pub(super) fn of(form: &Form) -> Self {
        Self {
            after: form.get("NextToken").unwrap_or_default().to_owned(),
        }
    }

    /// Builds the answer: the items after the token in the order of their keys, and the next token if there
    /// are more.
    pub(super) fn answer<T>(
        &self,
        list: &str,
        items: Vec<T>,
        key: impl Fn(&T) -> &str,
        write: impl Fn(&mut Xml, &T),
    ) -> Xml {
        let rest: Vec<T> = items
            .into_iter()
            .filter(|item| key(item) > self.after.as_str())
            .collect();
        let mut answer = Xml::default();
        answer.element(list, |xml| {
            for item in rest.iter().take(PAGE) {
                xml.element("member", |xml| write(xml, item));
            }
        });
        if rest.len() > PAGE {
            answer.text("NextToken", key(&rest[PAGE - 1]));
        }
        answer
    }
}
