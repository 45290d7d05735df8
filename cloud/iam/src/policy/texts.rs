//! Values that are one string or a list of strings.

use serde_json::Value;

use super::error::PolicyError;

/// Reads a string or a list of strings. Booleans and numbers are converted to strings.
pub(super) fn texts(location: &str, name: &str, value: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(PolicyError::malformed(
            location,
            format!("`{name}` is a string or a list of strings"),
        )),
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => Ok(vec![text(value)?]),
    }
}
