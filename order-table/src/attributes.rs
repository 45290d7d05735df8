//! A row's attributes, independent of any SDK.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;

/// A row's attributes by name. A JSON string is DynamoDB's type `S`, a number `N`, an array `L` and an object `M`.
pub type Attributes = BTreeMap<String, Value>;

/// A row whose attributes are no order. Names the attribute, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("attribute {attribute}: {reason}")]
pub struct RowError {
    /// Which attribute.
    pub attribute: &'static str,
    /// Why it is refused.
    pub reason: String,
}

impl RowError {
    pub(crate) fn new(attribute: &'static str, reason: impl Into<String>) -> Self {
        Self {
            attribute,
            reason: reason.into(),
        }
    }
}

/// An attribute's text.
pub fn text<'a>(attributes: &'a Attributes, name: &'static str) -> Result<&'a str, RowError> {
    attributes
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| RowError::new(name, "is missing or not a string"))
}

/// An attribute's text as a `T`.
pub fn parsed<T: FromStr<Err: ToString>>(attributes: &Attributes, name: &'static str) -> Result<T, RowError> {
    text(attributes, name)?
        .parse()
        .map_err(|error: T::Err| RowError::new(name, error.to_string()))
}
