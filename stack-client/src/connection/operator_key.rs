//! The access key of the operator of a system on this machine.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The access key of the operator of an `up --strict-keys`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct OperatorKey {
    /// The id, by which the endpoint knows the operator.
    pub access_key_id: String,
    /// The secret, with which requests are signed.
    pub secret_access_key: String,
}

impl OperatorKey {
    /// Returns `ID:SECRET`, which [`OperatorKey::from_str`] reads.
    pub(super) fn to_pair(&self) -> String {
        format!("{}:{}", self.access_key_id, self.secret_access_key)
    }
}

impl FromStr for OperatorKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => Ok(Self {
                access_key_id: id.to_owned(),
                secret_access_key: secret.to_owned(),
            }),
            _ => Err(
                "must be ID:SECRET, as the ready file names them: access_key_id, a colon, secret_access_key",
            ),
        }
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OperatorKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key: OperatorKey = "AKIDEXAMPLE:wJalr:XUtn".parse().unwrap();
        assert_eq!(key.access_key_id, "AKIDEXAMPLE");
        assert_eq!(key.to_pair().parse(), Ok(key));
        for text in ["", "id", "id:", ":secret"] {
            assert!(text.parse::<OperatorKey>().is_err(), "{text}");
        }
    }
}
