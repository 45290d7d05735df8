//! The function's configuration, from its environment.

use std::time::Duration;

use function_runtime::{ConfigError, Environment};
use rest_function::AllowedOrigins;

use crate::message_group::MessageGroups;

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_QUEUE_URL`: the queue of accepted orders.
    pub orders_queue_url: String,
    /// `MESSAGE_GROUPS`: which orders share a message group in the queue, `CUSTOMER` (the default) or `NONE`.
    pub message_groups: MessageGroups,
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// The settings of [`OrderApi`](crate::OrderApi).
    pub settings: Settings,
}

/// How requests are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `ALLOWED_ORIGINS`: the origins of web pages that may call the API. If it is missing or empty, there are none.
    pub allowed_origins: AllowedOrigins,
    /// The longest time for which an answer waits to learn whether an idempotency key was used before.
    pub key_lookup_time: Duration,
}

impl Settings {
    /// The settings of an API that web pages of these origins may call.
    #[must_use]
    pub fn new(allowed_origins: AllowedOrigins) -> Self {
        Self {
            allowed_origins,
            key_lookup_time: Duration::from_millis(200),
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
            settings: Settings::new(environment.optional("ALLOWED_ORIGINS")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        for missing in ["ORDERS_QUEUE_URL", "ORDERS_TABLE"] {
            for value in [None, Some(String::new())] {
                let result = Config::read(&Environment::new(|name: &str| match name {
                    _ if name == missing => value.clone(),
                    "MESSAGE_GROUPS" => None,
                    _ => Some("set".to_owned()),
                }));
                assert_eq!(result, Err(ConfigError::Missing(missing)));
            }
        }
    }

    #[test]
    fn origins_are_optional_and_checked() {
        let config = |origins: Option<&str>| {
            Config::read(&Environment::new(|name: &str| match name {
                "ALLOWED_ORIGINS" => origins.map(str::to_owned),
                "MESSAGE_GROUPS" => None,
                _ => Some("set".to_owned()),
            }))
        };
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
        let result = Config::read(&Environment::new(|name: &str| match name {
            "MESSAGE_GROUPS" => Some("REGION".to_owned()),
            "ALLOWED_ORIGINS" => None,
            _ => Some("set".to_owned()),
        }));
        insta::assert_snapshot!(
            result.unwrap_err(),
            @"the environment variable MESSAGE_GROUPS must be CUSTOMER or NONE"
        );
    }
}
