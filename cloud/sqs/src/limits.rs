//! AWS's rules for message bodies and message attributes.
//!
//! Source: SQS API Reference, `SendMessage`; SQS Developer Guide, "Amazon SQS message metadata" and "Message quotas".

use crate::error::{SqsError, invalid_character};
use crate::message::{AttributeValue, MessageAttribute};
use crate::settings::invalid_parameter;

/// Maximum size of one message, and of all messages of a batch, in bytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Maximum number of attributes of one message.
pub const MAX_ATTRIBUTES: usize = 10;
/// Maximum number of characters of an attribute's name, and of its type.
const MAX_NAME_LENGTH: usize = 256;
/// Maximum length of a `MessageGroupId`.
const MAX_ID_LENGTH: usize = 128;
/// Maximum delay of a message, in seconds.
pub(crate) const MAX_DELAY_SECONDS: u32 = 900;

/// Checks that a body is not empty and contains only characters that XML 1.0 allows.
pub(crate) fn check_body(body: &str) -> Result<(), SqsError> {
    if body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    match forbidden_character(body) {
        None => Ok(()),
        Some(character) => Err(SqsError::InvalidMessageContents(character)),
    }
}

/// Returns the first character that XML 1.0 does not allow.
fn forbidden_character(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
    })
}

/// Checks a `MessageGroupId` or a `MessageDeduplicationId`: 1 to 128 letters, digits and punctuation characters of ASCII.
pub fn check_id(parameter: &str, id: &str) -> Result<(), SqsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_punctuation();
    if (1..=MAX_ID_LENGTH).contains(&id.len()) && id.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid_parameter(
        parameter,
        id,
        &format!(
            "{parameter} can only include alphanumeric and punctuation characters. 1 to {MAX_ID_LENGTH} in length."
        ),
    ))
}

/// Checks an attribute's name. Letters beyond ASCII are allowed, although no page of the documentation says so: AWS took
/// `attr.1øßä` when its answer was recorded.
pub(crate) fn check_name(name: &str) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let allowed = |c: char| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    let refused = if name.is_empty() {
        "The request must contain non-empty message (user) attribute names."
    } else if name.chars().count() > MAX_NAME_LENGTH {
        "Message (user) attribute name must be shorter than 256 bytes."
    } else if !name.chars().all(allowed) {
        "Message (user) attribute name can only contain letters, digits, periods, hyphens and underscores."
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for \
         internal use."
    } else if name.starts_with('.') {
        "Message (user) attribute name must not begin with character '.'."
    } else if name.ends_with('.') {
        "Message (user) attribute name must not end with character '.'."
    } else if name.contains("..") {
        "Message (user) attribute name must not have successive '.' characters."
    } else {
        return Ok(());
    };
    Err(invalid(refused.to_owned()))
}

pub(crate) fn check_type(name: &str, data_type: &str) -> Result<(), SqsError> {
    if !matches!(base_type(data_type), "String" | "Number" | "Binary") {
        return Err(invalid(format!(
            "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type \
             prefixes: Binary, Number, String."
        )));
    }
    if data_type.len() > MAX_NAME_LENGTH {
        return Err(invalid(
            "Message (user) attribute type must be shorter than 256 bytes.".to_owned(),
        ));
    }
    Ok(())
}

fn base_type(data_type: &str) -> &str {
    data_type.split('.').next().unwrap_or_default()
}

/// Checks a value against its type. The type is valid already.
pub(crate) fn check_value(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
    let data_type = attribute.data_type.as_str();
    if attribute.value.size() == 0 {
        return Err(invalid(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{data_type}'."
        )));
    }
    let wrong_field = |field: &str| {
        Err(invalid(format!(
            "Message (user) attribute '{name}' with type '{data_type}' must use field '{field}'."
        )))
    };
    match (base_type(data_type), &attribute.value) {
        ("Binary", AttributeValue::Binary(_)) => Ok(()),
        ("Binary", AttributeValue::String(_)) => wrong_field("Binary"),
        (_, AttributeValue::Binary(_)) => wrong_field("String"),
        ("Number", AttributeValue::String(text)) if !is_number(text) => Err(invalid(format!(
            "Can't cast the value of message (user) attribute '{name}' to a number."
        ))),
        // A character that XML does not allow is another error here than in a body: recorded from AWS.
        (_, AttributeValue::String(text)) => match forbidden_character(text) {
            None => Ok(()),
            Some(character) => Err(invalid(invalid_character(character, "attribute"))),
        },
    }
}

/// Returns true for a decimal number with an optional sign, fraction and exponent.
pub fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn invalid(message: String) -> SqsError {
    SqsError::InvalidParameterValue(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_attribute(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
        check_name(name)?;
        check_type(name, &attribute.data_type)?;
        check_value(name, attribute)
    }

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
    fn attributes_are_judged_in_awss_words() {
        check_attribute("a.b-c_1", &attribute("String.mine", "x")).unwrap();
        check_attribute("attr.1øßä", &attribute("String", "x")).unwrap();
        check_attribute("n", &attribute("Number", "-1.5e3")).unwrap();
        check_attribute(&"L".repeat(256), &attribute("String", "x")).unwrap();
        for (name, data_type, value, words) in [
            (
                "",
                "String",
                "x",
                "must contain non-empty message (user) attribute names",
            ),
            ("AWS.x", "String", "x", "reserved for internal use"),
            ("aMaZoN.x", "String", "x", "reserved for internal use"),
            (".x", "String", "x", "must not begin with character '.'"),
            ("x.", "String", "x", "must not end with character '.'"),
            ("x..y", "String", "x", "must not have successive '.'"),
            ("sp ace", "String", "x", "can only contain"),
            ("a§b", "String", "x", "can only contain"),
            (&"L".repeat(257), "String", "x", "name must be shorter than 256"),
            (
                "x",
                "Text",
                "x",
                "supported type prefixes: Binary, Number, String",
            ),
            (
                "x",
                &format!("Number.{}", "L".repeat(256)),
                "1",
                "type must be shorter than 256",
            ),
            (
                "x",
                "String",
                "",
                "Message (user) attribute 'x' must contain a non-empty value of type 'String'.",
            ),
            ("x", "String", "\u{8}", "Invalid binary character '#x8'"),
            (
                "x",
                "Number",
                "twelve",
                "Can't cast the value of message (user) attribute 'x' to a number.",
            ),
            ("x", "Number", "inf", "Can't cast"),
            (
                "x",
                "Binary",
                "text",
                "with type 'Binary' must use field 'Binary'",
            ),
        ] {
            let error = check_attribute(name, &attribute(data_type, value)).unwrap_err();
            assert_eq!(
                error.code(),
                "InvalidParameterValue",
                "{name} {data_type} {value}"
            );
            assert!(error.message().contains(words), "{}", error.message());
        }
    }

    #[test]
    fn group_ids_are_1_to_128_letters_digits_and_punctuation_characters() {
        for good in ["g", "tenant-1:a/b@c.d~", &"a".repeat(128)] {
            check_id("MessageGroupId", good).unwrap();
        }
        for bad in ["", "group 123", "ä", "tab\t", &"a".repeat(129)] {
            let error = check_id("MessageGroupId", bad).unwrap_err();
            assert_eq!(
                error.message(),
                format!(
                    "Value {bad} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include \
                     alphanumeric and punctuation characters. 1 to 128 in length."
                )
            );
        }
    }
}
