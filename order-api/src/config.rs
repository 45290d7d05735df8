//! The function's configuration, from its environment.

use std::time::Duration;

use function_runtime::{ConfigError, Environment};

use crate::cors::AllowedOrigins;

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_QUEUE_URL`: the queue of accepted orders.
    pub orders_queue_url: String,
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
                let result = Config::read(&Environment::new(|name: &str| {
                    if name == missing {
                        value.clone()
                    } else {
                        Some("set".to_owned())
                    }
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
}
