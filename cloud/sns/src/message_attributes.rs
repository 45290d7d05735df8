//! The attributes of a message, judged in SNS's words, which are not SQS's.
//!
//! Source: SNS Developer Guide, "Amazon SNS message attributes"; the words are those that a public suite recorded on AWS.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_sqs::limits::is_number;
use cloud_sqs::{AttributeValue, MessageAttribute};
use cloud_wire::Form;

use crate::error::SnsError;

/// Maximum number of characters of a name, and of a type.
const MAX_NAME_LENGTH: usize = 256;
/// The reserved names that SNS itself gives a meaning: they configure push notifications and text messages.
const NAMES_OF_SNS: [&str; 2] = ["AWS.SNS.", "AWS.MM."];

/// Reads `MessageAttributes.entry.N.Name`, `.Value.DataType` and the value. `entry` is the number of the message in its
/// batch.
pub(super) fn parse(
    form: &Form,
    entry: Option<usize>,
) -> Result<BTreeMap<String, MessageAttribute>, SnsError> {
    let mut attributes = BTreeMap::new();
    for field in form.list("MessageAttributes.entry") {
        let name = field.get("Name").unwrap_or_default();
        check_name(name)?;
        let Some(data_type) = field.get("Value.DataType") else {
            return Err(missing_type(name, entry));
        };
        check_type(name, data_type)?;
        let value = parse_value(&field, name, data_type)?;
        let attribute = MessageAttribute {
            data_type: data_type.to_owned(),
            value,
        };
        if attributes.insert(name.to_owned(), attribute).is_some() {
            return Err(invalid(format!(
                "Message attribute name '{name}' is given twice."
            )));
        }
    }
    Ok(attributes)
}

fn check_name(name: &str) -> Result<(), SnsError> {
    let is_forbidden = |c: &char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let lower = name.to_ascii_lowercase();
    let is_reserved = (lower.starts_with("aws.") || lower.starts_with("amazon."))
        && !NAMES_OF_SNS.iter().any(|prefix| name.starts_with(prefix));
    if name.is_empty() {
        return Err(invalid(
            "The request must contain non-empty message attribute names.".to_owned(),
        ));
    }
    if name.chars().count() > MAX_NAME_LENGTH {
        return Err(invalid(
            "Length of message attribute name must be less than 256 bytes.".to_owned(),
        ));
    }
    if let Some(character) = name.chars().find(is_forbidden) {
        return Err(invalid(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(character)
        )));
    }
    let fault = if name.starts_with('.') {
        "Invalid message attribute name starting with character '.' was found."
    } else if name.ends_with('.') {
        "Invalid message attribute name ending with character '.' was found."
    } else if name.contains("..") {
        "Message attribute name can not have successive '.' character."
    } else if is_reserved {
        "Message attribute names beginning with 'AWS.' or 'Amazon.' are reserved."
    } else {
        return Ok(());
    };
    Err(invalid(fault.to_owned()))
}

fn missing_type(name: &str, entry: Option<usize>) -> SnsError {
    let member = format!("messageAttributes.{name}.member.dataType");
    let path = entry.map_or_else(
        || member.clone(),
        |entry| format!("publishBatchRequestEntries.{entry}.member.{member}"),
    );
    SnsError::ValidationError(format!(
        "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
    ))
}

fn check_type(name: &str, data_type: &str) -> Result<(), SnsError> {
    if !matches!(base_type(data_type), "String" | "Number" | "Binary") || data_type.ends_with('.') {
        return Err(invalid(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is \
             Binary, Number, and String."
        )));
    }
    if data_type.len() > MAX_NAME_LENGTH {
        return Err(invalid(
            "Length of message attribute type must be less than 256 bytes.".to_owned(),
        ));
    }
    Ok(())
}

fn base_type(data_type: &str) -> &str {
    data_type.split('.').next().unwrap_or_default()
}

fn parse_value(field: &Form, name: &str, data_type: &str) -> Result<AttributeValue, SnsError> {
    let wanted = if base_type(data_type) == "Binary" {
        "Binary"
    } else {
        "String"
    };
    let empty = || {
        invalid(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type \
             '{data_type}'."
        ))
    };
    let value = match (field.get("Value.StringValue"), field.get("Value.BinaryValue")) {
        (None, None) => return Err(empty()),
        (Some(text), None) if wanted == "String" => AttributeValue::String(text.to_owned()),
        (None, Some(encoded)) if wanted == "Binary" => AttributeValue::Binary(
            STANDARD
                .decode(encoded)
                .map_err(|_| invalid(format!("The binary value of attribute '{name}' is not base64.")))?,
        ),
        _ => {
            return Err(invalid(format!(
                "The message attribute '{name}' with type '{data_type}' must use field '{wanted}'."
            )));
        }
    };
    match &value {
        value if value.size() == 0 => Err(empty()),
        AttributeValue::String(text) if base_type(data_type) == "Number" && !is_number(text) => Err(invalid(
            format!("Could not cast message attribute '{name}' value to number."),
        )),
        _ => Ok(value),
    }
}

fn invalid(message: String) -> SnsError {
    SnsError::InvalidParameterValue(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_one(name: &str, fields: &[(&str, &str)]) -> Result<MessageAttribute, SnsError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("MessageAttributes.entry.1.Name", name);
        for (field, value) in fields {
            form.append_pair(&format!("MessageAttributes.entry.1.Value.{field}"), value);
        }
        let form = Form::parse(form.finish().as_bytes());
        parse(&form, None).map(|mut attributes| attributes.remove(name).unwrap())
    }

    #[test]
    fn names_are_judged_in_the_words_of_sns() {
        let text = [("DataType", "String"), ("StringValue", "x")];
        for good in ["a.b-c_1", &"L".repeat(256), "AWS.SNS.SMS.SenderID"] {
            parse_one(good, &text).unwrap();
        }
        for (bad, words) in [
            ("", "non-empty message attribute names"),
            (&"L".repeat(257), "must be less than 256 bytes"),
            ("^x", "'#x5E' was found in the message attribute name"),
            ("a b", "'#x20' was found"),
            (".x", "starting with character '.' was found"),
            ("x.", "ending with character '.' was found"),
            ("x..y", "can not have successive '.' character"),
            ("aws.x", "are reserved"),
            ("Amazon.x", "are reserved"),
        ] {
            let error = parse_one(bad, &text).unwrap_err();
            assert_eq!(error.code(), "ParameterValueInvalid");
            assert!(error.message().contains(words), "{}", error.message());
        }
    }

    #[test]
    fn values_are_judged_by_their_type() {
        for good in [
            [("DataType", "String.mine"), ("StringValue", "x")],
            [("DataType", "String.Array"), ("StringValue", "[1]")],
            [("DataType", "Number"), ("StringValue", "-1.5e3")],
            [("DataType", "Binary"), ("BinaryValue", "AP8=")],
        ] {
            parse_one("a", &good).unwrap();
        }
        for (fields, words) in [
            (
                &[("DataType", "String"), ("StringValue", "")][..],
                "must contain non-empty message attribute value for message attribute type 'String'",
            ),
            (
                &[("DataType", "Binary")],
                "must contain non-empty message attribute value for message attribute type 'Binary'",
            ),
            (
                &[("DataType", "Number"), ("BinaryValue", "AP8=")],
                "with type 'Number' must use field 'String'",
            ),
            (
                &[("DataType", "Binary"), ("StringValue", "x")],
                "with type 'Binary' must use field 'Binary'",
            ),
            (
                &[("DataType", "Stringprefixed"), ("StringValue", "x")],
                "the set of supported type prefixes is Binary, Number, and String",
            ),
            (
                &[("DataType", "String."), ("StringValue", "x")],
                "the set of supported type prefixes",
            ),
            (
                &[("DataType", "Number"), ("StringValue", "twelve")],
                "Could not cast message attribute 'a' value to number.",
            ),
        ] {
            let error = parse_one("a", fields).unwrap_err();
            assert_eq!(error.code(), "ParameterValueInvalid");
            assert!(error.message().contains(words), "{}", error.message());
        }
        let error = parse_one("a", &[("StringValue", "x")]).unwrap_err();
        assert_eq!(error.code(), "ValidationError");
        assert!(error.message().contains("'messageAttributes.a.member.dataType'"));
    }
}
