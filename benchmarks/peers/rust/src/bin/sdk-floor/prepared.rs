//! Parts of calls that exist before an invocation.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::Error;
use serde_json::Value;

/// The ids of all orders begin so, and six digits of the invocation follow.
const ID: &str = "0199d3a0-5c1e-7b3a-9f57-";

/// A text with ids.
pub(crate) struct Text {
    text: String,
    /// Where the digits of the invocation begin.
    places: Vec<usize>,
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        let places = text.match_indices(ID).map(|(at, id)| at + id.len()).collect();
        Self {
            text: text.to_owned(),
            places,
        }
    }

    /// The text with the digits of an invocation in its ids.
    pub(crate) fn with(&self, digits: &str) -> String {
        let mut text = self.text.clone();
        for place in &self.places {
            text.replace_range(*place..*place + digits.len(), digits);
        }
        text
    }
}

/// The value of an attribute in DynamoDB.
pub(crate) enum Attribute {
    Text(Text),
    Number(String),
    Bool(bool),
    Null,
    List(Vec<Attribute>),
    Map(Vec<(String, Attribute)>),
}

impl Attribute {
    /// Reads a value in the JSON of the service, such as `{"S": "confirmed"}`.
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let members = value.as_object().and_then(|members| members.iter().next());
        let read = match members.map(|(kind, value)| (kind.as_str(), value)) {
            Some(("S", Value::String(text))) => Self::Text(Text::new(text)),
            Some(("N", Value::String(number))) => Self::Number(number.clone()),
            Some(("BOOL", Value::Bool(value))) => Self::Bool(*value),
            Some(("NULL", _)) => Self::Null,
            Some(("L", Value::Array(values))) => {
                Self::List(values.iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Some(("M", members)) => Self::Map(Self::read_members(members)?),
            _ => return Err(format!("no attribute: {value}").into()),
        };
        Ok(read)
    }

    /// Reads an object of such values.
    pub(crate) fn read_members(value: &Value) -> Result<Vec<(String, Self)>, Error> {
        let members = value.as_object().ok_or("no object of attributes")?;
        let read = |(name, value): (&String, &Value)| Ok((name.clone(), Self::read(value)?));
        members.iter().map(read).collect()
    }

    pub(crate) fn with(&self, digits: &str) -> AttributeValue {
        match self {
            Self::Text(text) => AttributeValue::S(text.with(digits)),
            Self::Number(number) => AttributeValue::N(number.clone()),
            Self::Bool(value) => AttributeValue::Bool(*value),
            Self::Null => AttributeValue::Null(true),
            Self::List(values) => AttributeValue::L(values.iter().map(|value| value.with(digits)).collect()),
            Self::Map(members) => {
                let members = members.iter();
                AttributeValue::M(
                    members
                        .map(|(name, value)| (name.clone(), value.with(digits)))
                        .collect(),
                )
            }
        }
    }
}
