//! The conditions on one value.

use crate::cidr::Cidr;
use crate::decimal::Decimal;
use crate::wildcard::Wildcard;

/// A value of a message that is neither an array nor an object.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(&'a Decimal),
    Text(&'a str),
}

/// A condition. A key of a policy matches if one of its conditions holds for one of the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Prefix(String),
    Suffix(String),
    Wildcard(Wildcard),
    /// In lower case.
    EqualsIgnoreCase(String),
    AnythingBut(AnythingBut),
    Exists(bool),
    Numeric(Range),
    Cidr(Cidr),
}

/// The values that must not occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnythingBut {
    Texts(Vec<String>),
    Numbers(Vec<Decimal>),
    Prefix(String),
}

/// A range of numbers. A missing bound is no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) bottom: Option<Bound>,
    pub(crate) top: Option<Bound>,
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) value: Decimal,
    /// Whether the number itself is outside.
    pub(crate) open: bool,
}

impl Range {
    fn contains(&self, number: &Decimal) -> bool {
        let above = self
            .bottom
            .as_ref()
            .is_none_or(|bound| *number > bound.value || (!bound.open && *number == bound.value));
        let below = self
            .top
            .as_ref()
            .is_none_or(|bound| *number < bound.value || (!bound.open && *number == bound.value));
        above && below
    }
}

impl Condition {
    /// Whether the condition holds for a value that is present.
    pub(crate) fn holds(&self, value: Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Exists(exists), _) => *exists,
            (Self::AnythingBut(values), value) => values.lacks(value),
            (Self::Null, Scalar::Null) => true,
            (Self::Bool(wanted), Scalar::Bool(value)) => *wanted == value,
            (Self::Number(wanted), Scalar::Number(value)) => wanted == value,
            (Self::Numeric(range), Scalar::Number(value)) => range.contains(value),
            (Self::Text(wanted), Scalar::Text(text)) => wanted == text,
            (Self::Prefix(prefix), Scalar::Text(text)) => text.starts_with(prefix.as_str()),
            (Self::Suffix(suffix), Scalar::Text(text)) => text.ends_with(suffix.as_str()),
            (Self::Wildcard(pattern), Scalar::Text(text)) => pattern.matches(text),
            (Self::EqualsIgnoreCase(lower), Scalar::Text(text)) => *lower == text.to_lowercase(),
            (Self::Cidr(range), Scalar::Text(text)) => range.contains(text),
            _ => false,
        }
    }
}

impl AnythingBut {
    fn lacks(&self, value: Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Texts(texts), Scalar::Text(text)) => !texts.iter().any(|wanted| wanted == text),
            (Self::Numbers(numbers), Scalar::Number(number)) => !numbers.contains(number),
            (Self::Prefix(prefix), Scalar::Text(text)) => !text.starts_with(prefix.as_str()),
            _ => true,
        }
    }
}
