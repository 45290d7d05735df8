//! Compares a policy with a message.

use std::collections::BTreeMap;

use crate::condition::{Condition, Scalar};
use crate::decimal::Decimal;
use crate::json::Json;
use crate::policy::{FilterPolicy, Path};
use crate::scope::Scope;

/// An attribute of a message. Binary attributes are left out, because SNS ignores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute<'a> {
    /// A text.
    Text(&'a str),
    /// The text of a number.
    Number(&'a str),
    /// The JSON text of an array (`String.Array`).
    Array(&'a str),
}

impl Attribute<'_> {
    /// Returns the values that the conditions are compared with. A text that cannot be parsed has none.
    fn values(self) -> Vec<Json> {
        match self {
            Self::Text(text) => vec![Json::Text(text.to_owned())],
            Self::Number(text) => Decimal::parse(text).map(Json::Number).into_iter().collect(),
            Self::Array(text) => match Json::parse(text) {
                Some(Json::Array(items)) => items,
                _ => Vec::new(),
            },
        }
    }
}

impl FilterPolicy {
    /// Whether a message with these attributes and this body is delivered. Only what the scope names is looked at.
    #[must_use]
    pub fn accepts(&self, attributes: &BTreeMap<&str, Attribute<'_>>, body: &str) -> bool {
        if self.alternatives.iter().any(Vec::is_empty) {
            return true;
        }
        match self.scope {
            Scope::MessageAttributes => self.accepts_attributes(attributes),
            Scope::MessageBody => self.accepts_body(body),
        }
    }

    fn accepts_attributes(&self, attributes: &BTreeMap<&str, Attribute<'_>>) -> bool {
        let matches = |(name, conditions): &Path| match attributes.get(name.as_str()) {
            None => conditions.contains(&Condition::Exists(false)),
            // An attribute is present also when it has no value that can be compared.
            Some(attribute) => {
                conditions.contains(&Condition::Exists(true))
                    || attribute
                        .values()
                        .iter()
                        .any(|value| holds_for(conditions, value))
            }
        };
        self.alternatives.iter().any(|paths| paths.iter().all(matches))
    }

    fn accepts_body(&self, body: &str) -> bool {
        let Some(body @ Json::Object(_)) = Json::parse(body) else {
            return false;
        };
        self.alternatives.iter().any(|paths| {
            let open: Vec<_> = paths
                .iter()
                .filter(|(path, conditions)| {
                    !conditions.contains(&Condition::Exists(false)) || is_present(path, &body)
                })
                .map(|(path, conditions)| (path.as_str(), conditions.as_slice()))
                .collect();
            matches_body(&open, &body)
        })
    }
}

/// Whether one of the conditions holds for a value.
fn holds_for(conditions: &[Condition], value: &Json) -> bool {
    scalar(value).is_some_and(|value| conditions.iter().any(|condition| condition.holds(value)))
}

fn scalar(value: &Json) -> Option<Scalar<'_>> {
    match value {
        Json::Null => Some(Scalar::Null),
        Json::Bool(value) => Some(Scalar::Bool(*value)),
        Json::Number(number) => Some(Scalar::Number(number)),
        Json::Text(text) => Some(Scalar::Text(text)),
        Json::Array(_) | Json::Object(_) => None,
    }
}

/// Returns the rest of a path behind a key. A key may have dots itself, as recorded: `a.b` matches `{"a": {"b": 1}}` and
/// `{"a.b": 1}`.
fn behind<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(key)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('.').filter(|rest| !rest.is_empty())
}

/// Whether there is a value at a path.
fn is_present(path: &str, node: &Json) -> bool {
    match node {
        Json::Array(items) => items.iter().any(|item| is_present(path, item)),
        Json::Object(fields) => fields
            .iter()
            .any(|(key, value)| behind(path, key).is_some_and(|rest| is_present(rest, value))),
        _ => path.is_empty(),
    }
}

/// Whether all paths match below a node. Of an array, one element has to match all paths together.
fn matches_body(paths: &[(&str, &[Condition])], node: &Json) -> bool {
    match node {
        _ if paths.is_empty() => true,
        Json::Array(items) => items.iter().any(|item| matches_body(paths, item)),
        Json::Object(fields) => matches_object(paths, fields),
        value => paths
            .iter()
            .all(|(path, conditions)| path.is_empty() && holds_for(conditions, value)),
    }
}

fn matches_object(paths: &[(&str, &[Condition])], fields: &[(String, Json)]) -> bool {
    let mut groups: BTreeMap<usize, Vec<(&str, &[Condition])>> = BTreeMap::new();
    for (path, conditions) in paths {
        let found: Vec<_> = fields
            .iter()
            .enumerate()
            .filter_map(|(index, (key, value))| Some((index, value, behind(path, key)?)))
            .filter(|_| !path.is_empty())
            .collect();
        match found[..] {
            [] => return false,
            [(index, _, rest)] => groups.entry(index).or_default().push((rest, conditions)),
            // Several keys with dots lead to the same path. One of them has to match.
            _ => {
                let matches = |value, rest| matches_body(&[(rest, *conditions)], value);
                if !found.iter().any(|(_, value, rest)| matches(value, *rest)) {
                    return false;
                }
            }
        }
    }
    groups
        .into_iter()
        .all(|(index, group)| matches_body(&group, &fields[index].1))
}
