//! Whether an order needs an idempotency key.

use std::str::FromStr;

/// Whether `POST /orders` takes an order without an idempotency key. The entries of a batch always have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyRule {
    /// An order without a key is taken. Each request is then another order.
    #[default]
    Optional,
    /// An order without a key is refused.
    Required,
}

/// The text names no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be DISABLED or ENABLED")]
pub struct KeyRuleError;

impl FromStr for KeyRule {
    type Err = KeyRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            // A template from before this setting does not set it.
            "" | "DISABLED" => Ok(Self::Optional),
            "ENABLED" => Ok(Self::Required),
            _ => Err(KeyRuleError),
        }
    }
}
