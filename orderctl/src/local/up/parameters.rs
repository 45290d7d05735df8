//! The values of the template's parameters on this machine.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::Arguments;

/// The inbox that is notified of orders unless `--email` names another.
const EMAIL: &str = "you@example.com";

/// Rates that a laptop does not reach. Those of the template protect an account on AWS, and would only slow tests down here.
pub(super) const UNLIMITED: &str = "1000000";

/// Chooses the values of the parameters: the defaults for this machine, as far as the template declares them, and the
/// arguments, which override them.
///
/// Arguments are kept even if the template does not declare them, so that a misspelt name is refused.
pub(super) fn choose_parameters(
    arguments: &Arguments,
    declared: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let defaults = [
        ("NotificationEmail", EMAIL),
        ("ApiAuth", "NONE"),
        ("ApiRateLimit", UNLIMITED),
        ("ApiBurstLimit", UNLIMITED),
        ("PlaceOrderRateLimit", UNLIMITED),
        ("PlaceOrderBurstLimit", UNLIMITED),
        ("PlaceBatchRateLimit", UNLIMITED),
        ("PlaceBatchBurstLimit", UNLIMITED),
    ];
    let defaults = defaults
        .into_iter()
        .filter(|(name, _)| declared.contains(*name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let email = arguments
        .email
        .iter()
        .map(|address| ("NotificationEmail".to_owned(), address.clone()));
    defaults
        .chain(email)
        .chain(arguments.parameters.iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::arguments::tests::arguments;
    use super::*;

    fn given(line: &str, declared: &[&str]) -> Vec<(String, String)> {
        let declared = declared.iter().map(|name| (*name).to_owned()).collect();
        choose_parameters(&arguments(line), &declared)
            .into_iter()
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    const DEFAULTS: [&str; 3] = ["ApiAuth", "NotificationEmail", "Stage"];

    #[test]
    fn a_given_parameter_overrides_the_default() {
        assert_eq!(
            given("", &DEFAULTS),
            pairs(&[("ApiAuth", "NONE"), ("NotificationEmail", "you@example.com")])
        );
        assert_eq!(
            given(
                "--email shop@example.com --parameter ApiAuth=API_KEY --parameter Stage=dev",
                &DEFAULTS
            ),
            pairs(&[
                ("ApiAuth", "API_KEY"),
                ("NotificationEmail", "shop@example.com"),
                ("Stage", "dev")
            ])
        );
    }

    #[test]
    fn a_template_without_these_parameters_gets_no_defaults() {
        assert_eq!(given("", &["Size"]), pairs(&[]));
    }

    #[test]
    fn a_given_parameter_is_never_dropped() {
        assert_eq!(
            given("--email shop@example.com --parameter Sise=1", &["Size"]),
            pairs(&[("NotificationEmail", "shop@example.com"), ("Sise", "1")])
        );
    }
}
