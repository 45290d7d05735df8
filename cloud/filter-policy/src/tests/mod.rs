//! The expressions of policies as a table, what is refused with which words, and the laws of matching.

mod laws;
mod matching;
mod refusals;

use std::collections::BTreeMap;

use crate::{Attribute, FilterPolicy, Scope};

fn parse(text: &str, scope: Scope) -> FilterPolicy {
    FilterPolicy::parse(text, scope).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether a policy accepts a message with these attributes: name, data type, value.
fn accepts(policy: &str, attributes: &[(&str, &str, &str)]) -> bool {
    let of = |data_type: &str, value| match data_type {
        "Number" => Attribute::Number(value),
        "Array" => Attribute::Array(value),
        _ => Attribute::Text(value),
    };
    let attributes = attributes
        .iter()
        .map(|(name, kind, value)| (*name, of(kind, *value)));
    parse(policy, Scope::MessageAttributes).accepts(&attributes.collect::<BTreeMap<_, _>>(), "")
}

fn accepts_body(policy: &str, body: &str) -> bool {
    parse(policy, Scope::MessageBody).accepts(&BTreeMap::new(), body)
}

fn refusal(policy: &str, scope: Scope) -> String {
    FilterPolicy::parse(policy, scope).unwrap_err().to_string()
}
