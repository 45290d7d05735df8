//! Filter policies on message attributes. All keys must match. A key matches if one of its values matches.
//!
//! Source: SNS Developer Guide, "Amazon SNS subscription filter policies".

use std::collections::BTreeMap;

use cloud_sqs::{AttributeValue, MessageAttribute};
use serde_json::{Map, Value};

/// Maximum number of keys of one policy.
const MAX_KEYS: usize = 5;

/// A parsed filter policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FilterPolicy(BTreeMap<String, Vec<Condition>>);

#[derive(Clone, Debug, PartialEq)]
enum Condition {
    /// Equal to this string, number, boolean or null.
    Exactly(Value),
    Prefix(String),
    Suffix(String),
    EqualsIgnoreCase(String),
    /// Matches if the attribute is present and none of these conditions matches it.
    AnythingBut(Vec<Condition>),
    Exists(bool),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl FilterPolicy {
    /// Parses a policy. The error is a reason for people.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Map<String, Value> = serde_json::from_str(text)
            .map_err(|_| "failed to parse JSON: a policy is an object".to_owned())?;
        if policy.len() > MAX_KEYS {
            return Err(format!("Filter policy can not have more than {MAX_KEYS} keys"));
        }
        let mut keys = BTreeMap::new();
        for (key, value) in policy {
            if key == "$or" {
                return Err("$or is not supported here".to_owned());
            }
            let Value::Array(values) = value else {
                return Err(format!("\"{key}\" must be an array"));
            };
            if values.is_empty() {
                return Err(format!("Empty arrays are not allowed (\"{key}\")"));
            }
            let conditions = values
                .into_iter()
                .map(parse_condition)
                .collect::<Result<_, _>>()?;
            keys.insert(key, conditions);
        }
        Ok(Self(keys))
    }

    /// Returns true if a message with these attributes must be delivered.
    pub(super) fn accepts(&self, attributes: &BTreeMap<String, MessageAttribute>) -> bool {
        self.0.iter().all(|(key, conditions)| {
            let values = attributes.get(key).map(values_of);
            conditions
                .iter()
                .any(|condition| condition.holds(values.as_deref()))
        })
    }
}

fn parse_condition(value: Value) -> Result<Condition, String> {
    let operators = match value {
        Value::Array(_) => return Err("Match value must be String, number, true, false, or null".to_owned()),
        Value::Object(operators) => operators,
        value => return Ok(Condition::Exactly(value)),
    };
    let mut operators = operators.into_iter();
    let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
        return Err("Only one key allowed in match expression".to_owned());
    };
    match (operator.as_str(), operand) {
        ("prefix", Value::String(text)) => Ok(Condition::Prefix(text)),
        ("suffix", Value::String(text)) => Ok(Condition::Suffix(text)),
        ("equals-ignore-case", Value::String(text)) => Ok(Condition::EqualsIgnoreCase(text)),
        ("exists", Value::Bool(exists)) => Ok(Condition::Exists(exists)),
        ("numeric", Value::Array(operands)) => parse_numeric(&operands),
        ("anything-but", Value::Array(values)) if !values.is_empty() => values
            .into_iter()
            .map(parse_condition)
            .collect::<Result<_, _>>()
            .map(Condition::AnythingBut),
        ("anything-but", value @ (Value::String(_) | Value::Number(_) | Value::Object(_))) => {
            Ok(Condition::AnythingBut(vec![parse_condition(value)?]))
        }
        (operator, _) => Err(format!("Unrecognized match type or operand of {operator}")),
    }
}

fn parse_numeric(operands: &[Value]) -> Result<Condition, String> {
    let ranges = operands.chunks(2).map(|pair| {
        let comparison = match pair[0].as_str() {
            Some("=") => Comparison::Equal,
            Some("<") => Comparison::Less,
            Some("<=") => Comparison::LessOrEqual,
            Some(">") => Comparison::Greater,
            Some(">=") => Comparison::GreaterOrEqual,
            _ => return Err("Invalid member in numeric match: an operator is expected".to_owned()),
        };
        let bound = pair.get(1).and_then(Value::as_f64);
        bound
            .map(|bound| (comparison, bound))
            .ok_or_else(|| "Value of numeric match must be a number".to_owned())
    });
    let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    if (1..=2).contains(&ranges.len()) {
        Ok(Condition::Numeric(ranges))
    } else {
        Err("Too few or too many elements in numeric expression".to_owned())
    }
}

/// Returns the values that the conditions are compared with. A `String.Array` has several, a `Binary` has
/// none.
fn values_of(attribute: &MessageAttribute) -> Vec<Value> {
    let AttributeValue::String(text) = &attribute.value else {
        return Vec::new();
    };
    match attribute.data_type.as_str() {
        "String.Array" => serde_json::from_str(text).unwrap_or_default(),
        data_type if data_type == "Number" || data_type.starts_with("Number.") => {
            text.parse::<f64>().map(Value::from).into_iter().collect()
        }
        _ => vec![Value::from(text.as_str())],
    }
}

impl Condition {
    /// `values` is `None` if the message does not have the attribute.
    fn holds(&self, values: Option<&[Value]>) -> bool {
        match (self, values) {
            (Self::Exists(exists), values) => values.is_some() == *exists,
            (_, None) => false,
            (condition, Some(values)) => values.iter().any(|value| condition.matches(value)),
        }
    }

    fn matches(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Exactly(wanted) => match (wanted.as_f64(), value.as_f64()) {
                // AWS compares numbers to five digits after the decimal point. The tolerance is half of the
                // last digit.
                (Some(wanted), Some(value)) => (wanted - value).abs() < 0.000_005,
                _ => wanted == value,
            },
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::EqualsIgnoreCase(wanted) => {
                text.is_some_and(|text| text.to_lowercase() == wanted.to_lowercase())
            }
            Self::AnythingBut(conditions) => !conditions.iter().any(|condition| condition.matches(value)),
            Self::Exists(exists) => *exists,
            Self::Numeric(ranges) => value.as_f64().is_some_and(|value| {
                ranges.iter().all(|(comparison, bound)| match comparison {
                    Comparison::Equal => (value - bound).abs() < 0.000_005,
                    Comparison::Less => value < *bound,
                    Comparison::LessOrEqual => value <= *bound,
                    Comparison::Greater => value > *bound,
                    Comparison::GreaterOrEqual => value >= *bound,
                })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(policy: &str, attributes: &[(&str, &str, &str)]) -> bool {
        let attributes = attributes.iter().map(|(name, data_type, value)| {
            let value = AttributeValue::String((*value).to_owned());
            (
                (*name).to_owned(),
                MessageAttribute {
                    data_type: (*data_type).to_owned(),
                    value,
                },
            )
        });
        FilterPolicy::parse(policy)
            .unwrap()
            .accepts(&attributes.collect())
    }

    #[test]
    fn one_value_of_each_key_must_match() {
        let policy = r#"{"store": ["a", "b"], "price": [{"numeric": [">=", 10, "<", 20]}]}"#;
        assert!(accepts(
            policy,
            &[("store", "String", "b"), ("price", "Number", "10.0")]
        ));
        assert!(!accepts(
            policy,
            &[("store", "String", "b"), ("price", "Number", "20")]
        ));
        assert!(!accepts(
            policy,
            &[("store", "String", "c"), ("price", "Number", "10")]
        ));
        assert!(!accepts(policy, &[("store", "String", "a")]));
        assert!(accepts("{}", &[]));
    }

    #[test]
    fn each_operator() {
        let of = |condition: &str, data_type: &str, value: &str| {
            accepts(&format!(r#"{{"k": [{condition}]}}"#), &[("k", data_type, value)])
        };
        assert!(of(r#"{"prefix": "ord"}"#, "String", "order"));
        assert!(of(r#"{"suffix": "er"}"#, "String", "order"));
        assert!(!of(r#"{"suffix": "or"}"#, "String", "order"));
        assert!(of(r#"{"equals-ignore-case": "ORDER"}"#, "String", "order"));
        assert!(of(r#"{"anything-but": ["x", "y"]}"#, "String", "z"));
        assert!(!of(r#"{"anything-but": "x"}"#, "String", "x"));
        assert!(!of(r#"{"anything-but": {"prefix": "or"}}"#, "String", "order"));
        assert!(of("5", "Number", "5.0"));
        assert!(!of("5", "String", "5"));
        assert!(!of(r#""5""#, "Number", "5"));
        assert!(of(r#""b""#, "String.Array", r#"["a", "b"]"#));
        assert!(of("true", "String.Array", "[true]"));
        assert!(of(r#"{"exists": true}"#, "String", "x"));
        assert!(!of(r#"{"exists": false}"#, "String", "x"));
        assert!(accepts(r#"{"k": [{"exists": false}]}"#, &[]));
        assert!(!accepts(r#"{"k": [{"anything-but": "x"}]}"#, &[]));
        assert!(of(r#"{"numeric": ["=", 3]}"#, "Number", "3"));
    }

    #[test]
    fn unsupported_policies_are_refused() {
        for bad in [
            "[]",
            "nonsense",
            r#"{"k": "v"}"#,
            r#"{"k": []}"#,
            r#"{"k": [["v"]]}"#,
            r#"{"k": {"nested": ["v"]}}"#,
            r#"{"k": [{"wildcard": "a*"}]}"#,
            r#"{"k": [{"numeric": [">"]}]}"#,
            r#"{"k": [{"numeric": []}]}"#,
            r#"{"k": [{"prefix": "a", "suffix": "b"}]}"#,
            r#"{"$or": []}"#,
            r#"{"1": ["v"], "2": ["v"], "3": ["v"], "4": ["v"], "5": ["v"], "6": ["v"]}"#,
        ] {
            assert!(FilterPolicy::parse(bad).is_err(), "{bad}");
        }
    }
}
