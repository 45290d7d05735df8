//! The values that the template's parameters get on a laptop.

use std::collections::{BTreeMap, BTreeSet};

use super::Arguments;

/// The inbox that is told of orders unless another is named.
const EMAIL: &str = "you@example.com";

/// What a laptop needs, as far as the template has such parameters, under what was asked for.
///
/// What was asked for is handed on in any case, so that a misspelt name is refused.
pub(super) fn parameters(arguments: &Arguments, declared: &BTreeSet<String>) -> BTreeMap<String, String> {
    let ours = [("NotificationEmail", EMAIL), ("ApiAuth", "NONE")];
    let ours = ours
        .into_iter()
        .filter(|(name, _)| declared.contains(*name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let email = arguments
        .email
        .iter()
        .map(|address| ("NotificationEmail".to_owned(), address.clone()));
    ours.chain(email)
        .chain(arguments.parameters.iter().cloned())
        .collect()
}

/// Reads `NAME=VALUE`; a value may hold an equals sign, or nothing.
pub(super) fn parameter(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::arguments;
    use super::*;

    fn given(line: &str, declared: &[&str]) -> Vec<(String, String)> {
        let declared = declared.iter().map(|name| (*name).to_owned()).collect();
        parameters(&arguments(line), &declared).into_iter().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    const OURS: [&str; 3] = ["ApiAuth", "NotificationEmail", "Stage"];

    #[test]
    fn a_given_parameter_replaces_ours() {
        assert_eq!(
            given("", &OURS),
            pairs(&[("ApiAuth", "NONE"), ("NotificationEmail", "you@example.com")])
        );
        assert_eq!(
            given(
                "--email shop@example.com --parameter ApiAuth=API_KEY --parameter Stage=dev",
                &OURS
            ),
            pairs(&[
                ("ApiAuth", "API_KEY"),
                ("NotificationEmail", "shop@example.com"),
                ("Stage", "dev")
            ])
        );
    }

    #[test]
    fn a_template_that_lacks_ours_is_not_given_them() {
        assert_eq!(given("", &["Size"]), pairs(&[]));
    }

    #[test]
    fn what_was_asked_for_is_never_dropped() {
        assert_eq!(
            given("--email shop@example.com --parameter Sise=1", &["Size"]),
            pairs(&[("NotificationEmail", "shop@example.com"), ("Sise", "1")])
        );
    }

    #[test]
    fn a_value_may_hold_an_equals_sign_or_nothing() {
        assert_eq!(parameter("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(parameter("A="), Ok(("A".to_owned(), String::new())));
        assert!(parameter("=b").is_err());
    }
}
