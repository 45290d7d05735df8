//! Reads a function's configuration from environment variables.

use std::num::NonZeroU32;
use std::str::FromStr;

/// Why the environment is no configuration. The text names the variable, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The variable's value cannot be used.
    #[error("the environment variable {name} {reason}")]
    Invalid {
        /// Which variable.
        name: &'static str,
        /// A verb phrase such as `must be a whole number`.
        reason: String,
    },
}

impl ConfigError {
    /// An error about the variable `name`; `reason` is a verb phrase such as `must be a whole number`.
    #[must_use]
    pub fn invalid(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            name,
            reason: reason.into(),
        }
    }
}

/// Environment variables, looked up by name.
#[derive(Debug, Clone, Copy)]
pub struct Environment<L>(L);

impl<L: Fn(&str) -> Option<String>> Environment<L> {
    /// Variables that `lookup` finds.
    #[must_use]
    pub fn new(lookup: L) -> Self {
        Self(lookup)
    }

    /// The value, which must be set and not empty.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        (self.0)(name)
            .filter(|value| !value.is_empty())
            .ok_or(ConfigError::Missing(name))
    }

    /// The value as a whole number of 1 or more.
    pub fn positive(&self, name: &'static str) -> Result<NonZeroU32, ConfigError> {
        self.required(name)?
            .parse()
            .map_err(|_| ConfigError::invalid(name, "must be a whole number of 1 or more"))
    }

    /// The value as a `T`. A variable that is not set counts as empty. The parser's error is a verb phrase.
    pub fn optional<T: FromStr<Err: ToString>>(&self, name: &'static str) -> Result<T, ConfigError> {
        (self.0)(name)
            .unwrap_or_default()
            .parse()
            .map_err(|error: T::Err| ConfigError::invalid(name, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(value: Option<&'static str>) -> Environment<impl Fn(&str) -> Option<String>> {
        Environment::new(move |_| value.map(str::to_owned))
    }

    #[test]
    fn a_missing_variable_is_named() {
        for value in [None, Some("")] {
            let environment = environment(value);
            assert_eq!(environment.required("TABLE"), Err(ConfigError::Missing("TABLE")));
            assert_eq!(environment.positive("COUNT"), Err(ConfigError::Missing("COUNT")));
        }
        assert_eq!(
            ConfigError::Missing("TABLE").to_string(),
            "the environment variable TABLE is missing"
        );
    }

    #[test]
    fn a_number_is_whole_and_positive() {
        assert_eq!(
            environment(Some("12")).positive("COUNT").map(NonZeroU32::get),
            Ok(12)
        );
        for value in ["0", "many", "-1", "1.5"] {
            let error = environment(Some(value)).positive("COUNT").unwrap_err();
            assert_eq!(
                error.to_string(),
                "the environment variable COUNT must be a whole number of 1 or more"
            );
        }
    }
}
