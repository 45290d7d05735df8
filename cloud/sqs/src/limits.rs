//! AWS's rules for message bodies and message attributes.
//!
//! Source: SQS API Reference, `SendMessage`; SQS Developer Guide, "Amazon SQS message metadata" and "Message quotas".

use std::collections::BTreeMap;

use crate::error::SqsError;
use crate::message::{AttributeValue, MessageAttribute};

/// Maximum size of one message, and of all messages of a batch, in bytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Maximum number of attributes of one message.
pub const MAX_ATTRIBUTES: usize = 10;
/// Maximum delay of a message, in seconds.
pub(crate) const MAX_DELAY_SECONDS: u32 = 900;

/// Checks that a body is not empty and contains only characters that XML 1.0 allows.
pub(crate) fn check_body(body: &str) -> Result<(), SqsError> {
    if body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    if body.chars().all(is_xml_character) {
        Ok(())
    } else {
        Err(SqsError::InvalidMessageContents)
    }
}

fn is_xml_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Checks that there are at most ten message attributes, and checks each of them.
pub(crate) fn check_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<(), SqsError> {
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            attributes.len()
        )));
    }
    attributes
        .iter()
        .try_for_each(|(name, attribute)| check_attribute(name, attribute))
}

/// Checks the name, type and value of one attribute. SNS has the same rules.
pub fn check_attribute(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
    check_name(name)?;
    check_value(name, attribute)
}

fn check_name(name: &str) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let sound = (1..=256).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if sound {
        Ok(())
    } else {
        Err(invalid(format!("Message attribute name '{name}' is invalid.")))
    }
}

fn check_value(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
    let data_type = attribute.data_type.as_str();
    let base = data_type.split('.').next().unwrap_or_default();
    if data_type.len() > 256 || !matches!(base, "String" | "Number" | "Binary") {
        return Err(invalid(format!(
            "The message attribute '{name}' has an invalid message attribute type."
        )));
    }
    if attribute.value.size() == 0 {
        return Err(invalid(format!(
            "The message attribute '{name}' must contain a non-empty message attribute value."
        )));
    }
    let fits = match &attribute.value {
        AttributeValue::Binary(_) => base == "Binary",
        AttributeValue::String(text) => match base {
            "Number" => is_number(text),
            "String" => {
                if text.chars().all(is_xml_character) {
                    true
                } else {
                    return Err(SqsError::InvalidMessageContents);
                }
            }
            _ => false,
        },
    };
    if fits {
        Ok(())
    } else {
        Err(invalid(format!(
            "Can't cast the value of message attribute '{name}' to its type."
        )))
    }
}

/// Returns true for a decimal number with an optional sign, fraction and exponent.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn invalid(message: String) -> SqsError {
    SqsError::InvalidParameterValue(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(data_type: &str, value: &str) -> MessageAttribute {
        MessageAttribute {
            data_type: data_type.to_owned(),
            value: AttributeValue::String(value.to_owned()),
        }
    }

    #[test]
    fn bodies() {
        check_body("tab\t, line\n, snowman ☃, 🦀").unwrap();
        assert_eq!(check_body("").unwrap_err().code(), "MissingParameter");
        for bad in ["\u{0}", "bell \u{7}", "\u{FFFF}"] {
            assert_eq!(check_body(bad).unwrap_err().code(), "InvalidMessageContents");
        }
    }

    #[test]
    fn attributes() {
        let of = |name: &str, a: MessageAttribute| check_attributes(&BTreeMap::from([(name.to_owned(), a)]));
        of("a.b-c_1", attribute("String.mine", "x")).unwrap();
        of("n", attribute("Number", "-1.5e3")).unwrap();
        for (name, data_type, value) in [
            ("AWS.x", "String", "x"),
            (".x", "String", "x"),
            ("x..y", "String", "x"),
            ("sp ace", "String", "x"),
            ("x", "Text", "x"),
            ("x", "String", ""),
            ("x", "Number", "twelve"),
            ("x", "Number", "inf"),
            ("x", "Binary", "text"),
        ] {
            let error = of(name, attribute(data_type, value)).unwrap_err();
            assert_eq!(
                error.code(),
                "InvalidParameterValue",
                "{name} {data_type} {value}"
            );
        }
        let eleven = (0..11)
            .map(|n| (format!("n{n}"), attribute("String", "x")))
            .collect();
        assert!(check_attributes(&eleven).is_err());
    }
}
