//! Reads requests, and words what cannot be read as DynamoDB does.
//!
//! dynoxide marks the errors of its own readers by a prefix. Its HTTP server, which is not used here, turns the prefix and
//! serde's messages into DynamoDB's errors; this does the same for the cases that a client can meet. A request that no SDK can
//! build may be refused in other words.

use dynoxide::errors::DynoxideError;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The prefixes by which dynoxide's readers say which error an unreadable value is.
const SERIALIZATION_AS_READ: &str = "SERIALIZATION_AS_READ:";
const VALIDATION_AS_READ: &str = "VALIDATION_AS_READ:";
const SERIALIZATION: &str = "SERIALIZATION:";
const REQUEST_VALIDATION: &str = "VALIDATION_REQUEST:";
const VALIDATION: &str = "VALIDATION:";

/// Reads a request. Returns `None` if the body is no JSON.
pub(crate) fn decode<T: DeserializeOwned>(body: &str) -> Option<Result<T, DynoxideError>> {
    let error = match serde_json::from_str(body) {
        Ok(request) => return Some(Ok(request)),
        Err(error) => error,
    };
    // The message of a value that is nested too deep for the parser counts as a syntax error, but the body is JSON.
    if serde_json::from_str::<serde::de::IgnoredAny>(body).is_err() {
        return None;
    }
    Some(Err(unreadable(&error.to_string(), body)))
}

fn unreadable(message: &str, body: &str) -> DynoxideError {
    let marked = |prefix: &str| message.strip_prefix(prefix);
    if let Some(text) = marked(SERIALIZATION_AS_READ) {
        DynoxideError::SerializationException(text.to_owned())
    } else if let Some(text) = marked(VALIDATION_AS_READ) {
        DynoxideError::ValidationException(text.to_owned())
    } else if let Some(text) = marked(SERIALIZATION) {
        DynoxideError::SerializationException(without_position(text).to_owned())
    } else if let Some(text) = marked(REQUEST_VALIDATION) {
        DynoxideError::EnvelopedValidation(without_position(text).to_owned())
    } else if let Some(text) = marked(VALIDATION) {
        DynoxideError::ValidationException(without_position(text).to_owned())
    } else if message.contains("recursion limit exceeded") {
        let text = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond \
                    supported limit";
        DynoxideError::ValidationException(text.to_owned())
    } else if let Some(text) = wrong_member(body) {
        DynoxideError::SerializationException(text)
    } else if message.contains("empty AttributeValue") {
        let text = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
        DynoxideError::ValidationException(text.to_owned())
    } else if ["missing field", "unknown variant", "invalid type: null"]
        .iter()
        .any(|text| message.contains(text))
    {
        DynoxideError::ValidationException(message.to_owned())
    } else if message.contains("Supplied AttributeValue") {
        DynoxideError::ValidationException(without_position(message).to_owned())
    } else {
        DynoxideError::SerializationException(wrong_type(message, body))
    }
}

/// Words serde's `invalid type: SOURCE, expected TARGET at line N column N` as DynamoDB does. The messages are recorded
/// in `tests/recorded.json`.
fn wrong_type(message: &str, body: &str) -> String {
    const STRUCTURE: &str = "Start of structure or map found where not expected";
    if message.starts_with("expected ") {
        return format!("{} cannot be converted to String", token_at(message, body));
    }
    if message.starts_with("invalid length ") {
        return STRUCTURE.to_owned();
    }
    let Some((source, target)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "))
    else {
        return message.to_owned();
    };
    let target = without_position(target).trim();
    let java = match target {
        "a string" => "String",
        "a boolean" => "Boolean",
        "i64" | "u64" => "Long",
        // DynamoDB passes on the message of its own parser for an `i32`.
        "i32" => return message.to_owned(),
        _ if source == "map" => return STRUCTURE.to_owned(),
        _ => return "Unexpected field type".to_owned(),
    };
    match source {
        "sequence" => format!("Unrecognized collection type class java.lang.{java}"),
        "map" => STRUCTURE.to_owned(),
        _ if java == "Boolean" && source.starts_with("string ") => {
            "Unexpected token received from parser".to_owned()
        }
        _ => format!("{} cannot be converted to {java}", token(source)),
    }
}

/// Words the errors for which serde's message is not enough: those of the members that clients set in their own code.
fn wrong_member(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    match &body["Limit"] {
        Value::String(_) => return Some("STRING_VALUE cannot be converted to Integer".to_owned()),
        Value::Bool(true) => return Some("TRUE_VALUE cannot be converted to Integer".to_owned()),
        Value::Bool(false) => return Some("FALSE_VALUE cannot be converted to Integer".to_owned()),
        _ => {}
    }
    ["Item", "Key"].iter().find_map(|name| match &body[*name] {
        Value::Array(_) => Some(
            "Unrecognized collection type java.util.Map<java.lang.String, \
             com.amazonaws.dynamodb.v20120810.AttributeValue>"
                .to_owned(),
        ),
        Value::Object(values)
            if values
                .values()
                .any(|value| !value.is_object() && !value.is_null()) =>
        {
            Some("Unexpected value type in payload".to_owned())
        }
        _ => None,
    })
}

/// The parser's token for a value that serde describes.
fn token(source: &str) -> &'static str {
    match source.split(' ').next() {
        Some("string") => "STRING_VALUE",
        Some("floating") => "DECIMAL_VALUE",
        Some("boolean") if source.contains("false") => "FALSE_VALUE",
        Some("boolean") => "TRUE_VALUE",
        _ => "NUMBER_VALUE",
    }
}

/// The parser's token for the value at the column that a message ends with.
fn token_at(message: &str, body: &str) -> &'static str {
    let column = message
        .rsplit("column ")
        .next()
        .and_then(|text| text.trim().parse::<usize>().ok());
    let byte = column
        .and_then(|column| column.checked_sub(1))
        .and_then(|at| body.as_bytes().get(at));
    match byte {
        Some(b'f') => "FALSE_VALUE",
        Some(b'0'..=b'9' | b'-') => "NUMBER_VALUE",
        _ => "TRUE_VALUE",
    }
}

/// A message without serde's ` at line N column N`.
fn without_position(message: &str) -> &str {
    message
        .rfind(" at line ")
        .filter(|at| message[*at..].contains("column"))
        .map_or(message, |at| &message[..at])
}
