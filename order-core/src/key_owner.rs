//! Whose idempotency keys are told apart.

use std::fmt;
use std::str::FromStr;

use crate::caller::{Caller, CallerError};

/// The owner of idempotency keys. Two owners may use the same key for two orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOwner {
    /// One caller, who shares his keys with nobody, or with those who took them over.
    Caller(Caller),
    /// Several callers, who share their keys.
    Tenant(TenantName),
}

impl KeyOwner {
    /// The kind of the owner. Part of every id from a key, so that it never changes.
    pub(crate) fn mode(&self) -> &str {
        match self {
            Self::Caller(caller) => caller.mode(),
            Self::Tenant(_) => TENANT,
        }
    }

    /// The owner's name among those of this kind. Part of every id from a key.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Caller(caller) => caller.name(),
            Self::Tenant(TenantName(name)) => name,
        }
    }
}

impl From<Caller> for KeyOwner {
    fn from(caller: Caller) -> Self {
        Self::Caller(caller)
    }
}

/// A caller as it is displayed, or `tenant:NAME`.
impl fmt::Display for KeyOwner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(caller) => caller.fmt(formatter),
            Self::Tenant(TenantName(name)) => write!(formatter, "{TENANT}:{name}"),
        }
    }
}

impl FromStr for KeyOwner {
    type Err = KeyOwnerError;

    fn from_str(text: &str) -> Result<Self, KeyOwnerError> {
        match text.split_once(':') {
            Some((TENANT, name)) => name.parse().map(Self::Tenant),
            _ => text.parse().map(Self::Caller).map_err(|error| match error {
                CallerError::Arn => KeyOwnerError::Caller(error),
                CallerError::Other => KeyOwnerError::Other,
            }),
        }
    }
}

const TENANT: &str = "tenant";

/// The name of a tenant: 1 to 64 letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantName(String);

impl TenantName {
    /// The most characters.
    pub const MAX_CHARACTERS: usize = 64;
}

impl FromStr for TenantName {
    type Err = KeyOwnerError;

    fn from_str(text: &str) -> Result<Self, KeyOwnerError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if (1..=Self::MAX_CHARACTERS).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyOwnerError::Name)
        }
    }
}

/// The text names no owner of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyOwnerError {
    /// The name of a tenant has another form.
    #[error("must have 1 to 64 letters, digits, '-', '_' and '.' as the name of a tenant")]
    Name,
    /// It names a caller, and in the wrong way.
    #[error(transparent)]
    Caller(CallerError),
    /// It has another form.
    #[error("must be tenant:NAME, open, api-key:ID or iam:ID")]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_read_as_it_is_written() {
        for text in ["tenant:acme", "open", "api-key:k1", "iam:AROA1"] {
            assert_eq!(
                text.parse::<KeyOwner>().map(|owner| owner.to_string()).as_deref(),
                Ok(text)
            );
        }
        let long = format!("tenant:{}", "t".repeat(65));
        for wrong in ["tenant:", "tenant:a b", "tenant:a:b", &long] {
            assert_eq!(wrong.parse::<KeyOwner>(), Err(KeyOwnerError::Name), "{wrong}");
        }
        for wrong in ["", "acme", "tenant", "user:ada"] {
            assert_eq!(wrong.parse::<KeyOwner>(), Err(KeyOwnerError::Other), "{wrong}");
        }
    }
}
