//! The principals that a statement in a resource's policy names.

use cloud_wire::ACCOUNT;
use serde_json::Value;

use super::error::PolicyError;
use super::texts::texts;
use crate::caller::Caller;

/// The element `Principal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principals {
    Everyone,
    Some(Vec<Principal>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    /// An account, given by its id or the ARN of its root.
    Account(String),
    /// A role or a role session, given by its ARN.
    Identity(String),
    /// A service, given by its service principal.
    Service(String),
}

impl Principals {
    pub(super) fn parse(location: &str, value: &Value) -> Result<Self, PolicyError> {
        if value == "*" {
            return Ok(Self::Everyone);
        }
        let kinds = value
            .as_object()
            .ok_or_else(|| PolicyError::malformed(location, "`Principal` is `*` or a mapping"))?;
        let mut principals = Vec::new();
        for (kind, names) in kinds {
            for name in texts(location, kind, names)? {
                match kind.as_str() {
                    "AWS" if name == "*" => return Ok(Self::Everyone),
                    "AWS" => principals.push(Principal::parse(location, &name)?),
                    "Service" => principals.push(Principal::Service(name)),
                    _ => {
                        return Err(PolicyError::unsupported(
                            location,
                            format!("the principal type `{kind}`"),
                        ));
                    }
                }
            }
        }
        Ok(Self::Some(principals))
    }

    /// Returns true if an allow statement with these principals allows the caller by itself. A statement that
    /// names only the account does not: then the account's own policies decide.
    pub(super) fn grant(&self, caller: &Caller) -> bool {
        match self {
            Self::Everyone => true,
            Self::Some(principals) => principals.iter().any(|principal| principal.is(caller)),
        }
    }

    /// Returns true if a deny statement with these principals applies to the caller. A statement that names
    /// the account applies to all its roles.
    pub(super) fn cover(&self, caller: &Caller) -> bool {
        let is_ours = |principal: &Principal| matches!(principal, Principal::Account(id) if id == ACCOUNT);
        self.grant(caller)
            || matches!((self, caller), (Self::Some(principals), Caller::Role { .. })
                if principals.iter().any(is_ours))
    }
}

impl Principal {
    fn parse(location: &str, name: &str) -> Result<Self, PolicyError> {
        let account = name
            .strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.strip_suffix(":root"))
            .unwrap_or(name);
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Account(account.to_owned()));
        }
        if name.contains('*') {
            return Err(PolicyError::malformed(
                location,
                format!("the principal `{name}` must not contain a wildcard"),
            ));
        }
        if name.starts_with("arn:aws:iam::") || name.starts_with("arn:aws:sts::") {
            return Ok(Self::Identity(name.to_owned()));
        }
        Err(PolicyError::malformed(
            location,
            format!("`{name}` is no principal"),
        ))
    }

    fn is(&self, caller: &Caller) -> bool {
        match (self, caller) {
            (Self::Service(service), Caller::Service { name, .. }) => service == name,
            (Self::Identity(arn), Caller::Role { .. }) => [caller.role_arn(), caller.session_arn()]
                .iter()
                .flatten()
                .any(|own| own == arn),
            _ => false,
        }
    }
}
