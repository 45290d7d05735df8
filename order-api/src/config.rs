//! The function's configuration, from its environment.

use std::time::Duration;

use function_runtime::{ConfigError, Environment};
use order_core::Tenants;
use rest_function::AllowedOrigins;

use crate::key_rule::KeyRule;
use crate::message_group::MessageGroups;

const DAY: Duration = Duration::from_hours(24);

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_QUEUE_URL`: the queue of accepted orders.
    pub orders_queue_url: String,
    /// `MESSAGE_GROUPS`: which orders share a message group in the queue, `CUSTOMER` (the default) or `NONE`.
    pub message_groups: MessageGroups,
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// `CUSTOMER_INDEX`: the name of the index of a customer's orders.
    pub customer_index: String,
    /// `CLAIMS_TABLE`: the name of the table of claims.
    pub claims_table: String,
    /// `CLAIM_RETENTION_DAYS`: the time for which a claim is kept.
    pub claim_retention: Duration,
    /// The settings of [`OrderApi`](crate::OrderApi).
    pub settings: Settings,
}

/// How requests are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `ALLOWED_ORIGINS`: the origins of web pages that may call the API. If it is missing or empty, there are none.
    pub allowed_origins: AllowedOrigins,
    /// `TENANTS`: the callers that share their idempotency keys. If it is missing or empty, none do.
    pub tenants: Tenants,
    /// `REQUIRE_IDEMPOTENCY_KEY`: whether an order needs a key, `DISABLED` (the default) or `ENABLED`.
    pub key_rule: KeyRule,
    /// The longest time for which an answer waits for each call about an idempotency key.
    pub key_lookup_time: Duration,
    /// The time after which the first request under a key has ended for sure. Until then a second one may be refused.
    pub claim_doubt_time: Duration,
}

impl Settings {
    /// The settings of an API that web pages of these origins may call.
    #[must_use]
    pub fn new(allowed_origins: AllowedOrigins) -> Self {
        Self {
            allowed_origins,
            tenants: Tenants::default(),
            key_rule: KeyRule::default(),
            key_lookup_time: Duration::from_millis(200),
            // The function's timeout in template.yaml.
            claim_doubt_time: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        Ok(Self {
            orders_queue_url: environment.required("ORDERS_QUEUE_URL")?,
            message_groups: environment.optional("MESSAGE_GROUPS")?,
            orders_table: environment.required("ORDERS_TABLE")?,
            customer_index: environment.required("CUSTOMER_INDEX")?,
            claims_table: environment.required("CLAIMS_TABLE")?,
            claim_retention: DAY * environment.positive("CLAIM_RETENTION_DAYS")?.get(),
            settings: Settings {
                tenants: environment.optional("TENANTS")?,
                key_rule: environment.optional("REQUIRE_IDEMPOTENCY_KEY")?,
                ..Settings::new(environment.optional("ALLOWED_ORIGINS")?)
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an environment in which one variable has this value, and every other required one has one.
    fn read_with(variable: &str, value: Option<&str>) -> Result<Config, ConfigError> {
        Config::read(&Environment::new(|name: &str| match name {
            _ if name == variable => value.map(str::to_owned),
            "ALLOWED_ORIGINS" | "MESSAGE_GROUPS" | "REQUIRE_IDEMPOTENCY_KEY" | "TENANTS" => None,
            "CLAIM_RETENTION_DAYS" => Some("30".to_owned()),
            _ => Some("set".to_owned()),
        }))
    }

    #[test]
    fn a_missing_variable_is_named() {
        for missing in [
            "ORDERS_QUEUE_URL",
            "ORDERS_TABLE",
            "CUSTOMER_INDEX",
            "CLAIMS_TABLE",
        ] {
            for value in [None, Some("")] {
                assert_eq!(read_with(missing, value), Err(ConfigError::Missing(missing)));
            }
        }
    }

    #[test]
    fn origins_are_optional_and_checked() {
        let config = |origins| read_with("ALLOWED_ORIGINS", origins);
        assert_eq!(config(None), config(Some("")));
        assert_eq!(
            config(Some("*")).unwrap().settings.allowed_origins,
            AllowedOrigins::Any
        );
        insta::assert_snapshot!(
            config(Some("shop.example.com")).unwrap_err(),
            @"the environment variable ALLOWED_ORIGINS must be empty, * or origins such as https://shop.example.com, separated by commas"
        );
    }

    #[test]
    fn a_wrong_rule_for_message_groups_is_refused() {
        let result = read_with("MESSAGE_GROUPS", Some("REGION"));
        insta::assert_snapshot!(
            result.unwrap_err(),
            @"the environment variable MESSAGE_GROUPS must be CUSTOMER or NONE"
        );
    }

    #[test]
    fn a_key_is_required_only_where_the_template_says_so() {
        let rule = |text| {
            let config = read_with("REQUIRE_IDEMPOTENCY_KEY", text);
            config.map(|config| config.settings.key_rule)
        };
        for text in [None, Some(""), Some("DISABLED")] {
            assert_eq!(rule(text), Ok(KeyRule::Optional));
        }
        assert_eq!(rule(Some("ENABLED")), Ok(KeyRule::Required));
        insta::assert_snapshot!(
            rule(Some("true")).unwrap_err(),
            @"the environment variable REQUIRE_IDEMPOTENCY_KEY must be DISABLED or ENABLED"
        );
    }

    #[test]
    fn tenants_are_optional_and_checked() {
        let tenants = |text| {
            let config = read_with("TENANTS", text);
            config.map(|config| config.settings.tenants)
        };
        assert_eq!(tenants(None), Ok(Tenants::default()));
        let shared = "api-key:k1=tenant:acme,api-key:k2=tenant:acme";
        assert_eq!(tenants(Some(shared)), Ok(shared.parse().unwrap()));
        insta::assert_snapshot!(
            tenants(Some("api-key:k1=acme")).unwrap_err(),
            @"the environment variable TENANTS has a wrong owner in pair 1: it must be tenant:NAME, open, api-key:ID or iam:ID"
        );
    }
}
