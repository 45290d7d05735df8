//! A JSON value that borrows its texts.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Number;

/// A JSON value. Its texts are parts of what it was read from, so that a document is read without a copy of each text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON object: its members in the order of the document. Its names are few, so that a search through all of them is the fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Value<'a> {
    /// The text, of a value that is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, of a value that is a whole one from zero on and written without decimals.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The object, of a value that is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of this name, of an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }
}

impl<'a> Object<'a> {
    /// An object of these members. Their names differ.
    pub(super) fn new(members: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        Self(members)
    }

    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

/// The members that are there.
impl<'a> FromIterator<(&'static str, Option<Value<'a>>)> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = (&'static str, Option<Value<'a>>)>>(members: I) -> Self {
        let members = members.into_iter();
        let members = members.filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)));
        Self::Object(Object(members.collect()))
    }
}

impl<'a> From<&'a serde_json::Value> for Value<'a> {
    fn from(value: &'a serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Number(number.clone()),
            serde_json::Value::String(text) => Self::String(Cow::from(text)),
            serde_json::Value::Array(values) => Self::Array(values.iter().map(Self::from).collect()),
            serde_json::Value::Object(members) => {
                let members = members.iter();
                let members = members.map(|(name, value)| (Cow::from(name), Self::from(value)));
                Self::Object(Object(members.collect()))
            }
        }
    }
}

/// With texts of its own, for a document that is changed or kept.
impl From<Value<'_>> for serde_json::Value {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text.into_owned()),
            Value::Array(values) => values.into_iter().map(Self::from).collect(),
            Value::Object(Object(members)) => {
                let members = members.into_iter();
                members
                    .map(|(name, value)| (name.into_owned(), Self::from(value)))
                    .collect()
            }
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Object(object) => serializer.collect_map(object.iter()),
        }
    }
}
