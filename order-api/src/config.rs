//! What the function's environment says.

use std::env;

use crate::cors::{AllowedOrigins, AllowedOriginsError};

/// The settings of order-api, as `template.yaml` sets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_QUEUE_URL`: the queue of accepted orders.
    pub orders_queue_url: String,
    /// `ORDERS_TABLE`: the name of the table of orders.
    pub orders_table: String,
    /// `ALLOWED_ORIGINS`: the origins of web pages that may call the API; none when it is missing or empty.
    pub allowed_origins: AllowedOrigins,
}

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The variable is set to something else than it may be.
    #[error("the environment variable {name} {reason}")]
    Invalid {
        /// Which variable.
        name: &'static str,
        /// What it must be.
        reason: String,
    },
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |name| {
            lookup(name)
                .filter(|value| !value.is_empty())
                .ok_or(ConfigError::Missing(name))
        };
        Ok(Self {
            orders_queue_url: required("ORDERS_QUEUE_URL")?,
            orders_table: required("ORDERS_TABLE")?,
            allowed_origins: lookup("ALLOWED_ORIGINS").unwrap_or_default().parse().map_err(
                |error: AllowedOriginsError| ConfigError::Invalid {
                    name: "ALLOWED_ORIGINS",
                    reason: error.to_string(),
                },
            )?,
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
                let result = Config::from_lookup(|name| {
                    if name == missing {
                        value.clone()
                    } else {
                        Some("set".to_owned())
                    }
                });
                assert_eq!(result, Err(ConfigError::Missing(missing)));
            }
        }
    }

    #[test]
    fn origins_are_optional_and_checked() {
        let config = |origins: Option<&str>| {
            Config::from_lookup(|name| match name {
                "ALLOWED_ORIGINS" => origins.map(str::to_owned),
                _ => Some("set".to_owned()),
            })
        };
        assert_eq!(config(None), config(Some("")));
        assert_eq!(config(Some("*")).unwrap().allowed_origins, AllowedOrigins::Any);
        insta::assert_snapshot!(
            config(Some("shop.example.com")).unwrap_err(),
            @"the environment variable ALLOWED_ORIGINS must be empty, * or origins such as https://shop.example.com, separated by commas"
        );
    }
}
