//! The callers of the endpoint, and the access keys that identify them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use cloud_wire::ACCOUNT;

use crate::caller::Caller;

/// The caller of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person or a tool: any access key that does not belong to a function. With strict keys, the operator's own key
    /// alone. May do everything.
    Operator {
        /// The access key that the request was signed with.
        access_key: String,
    },
    /// A function, with the permissions of its role.
    Function {
        /// The access key that the function was started with.
        access_key: String,
        /// The name of the role.
        role: String,
        /// The name of the function, which is also the name of the role session.
        function: String,
    },
    /// An access key that belongs to nobody. Only with strict keys.
    Unknown,
    /// A request without credentials, for example a link in an email.
    Anonymous,
}

impl Principal {
    /// Returns the ARN that `GetCallerIdentity` answers.
    #[must_use]
    pub fn arn(&self) -> String {
        match self {
            Self::Operator { .. } => format!("arn:aws:iam::{ACCOUNT}:root"),
            Self::Function { role, function, .. } => {
                format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{function}")
            }
            Self::Unknown | Self::Anonymous => format!("arn:aws:iam::{ACCOUNT}:anonymous"),
        }
    }

    /// Returns the caller whose permissions are checked. `None` may do everything that it has got to.
    #[must_use]
    pub fn restricted_caller(&self) -> Option<Caller> {
        match self {
            Self::Function { role, function, .. } => Some(Caller::Role {
                role: role.clone(),
                session: function.clone(),
            }),
            Self::Operator { .. } | Self::Unknown | Self::Anonymous => None,
        }
    }

    /// Returns the unique id. SQS shows it as `SenderId`.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self {
            Self::Operator { .. } => ACCOUNT.to_owned(),
            Self::Function { role, function, .. } => format!("{role}:{function}"),
            Self::Unknown | Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

/// The access keys of the functions and, with strict keys, of the operator. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct AccessKeys {
    functions: Arc<RwLock<HashMap<String, Owner>>>,
    operator: Option<Arc<Operator>>,
}

/// A function that has an access key.
#[derive(Clone, Debug)]
struct Owner {
    role: String,
    function: String,
    secret: Secret,
}

#[derive(Debug)]
struct Operator {
    access_key: String,
    secret: Secret,
}

/// A secret access key, which no log shows.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl AccessKeys {
    /// Creates strict keys: apart from the functions' keys, only this one is known.
    #[must_use]
    pub fn strict(operator: &str, secret: &str) -> Self {
        Self {
            functions: Arc::default(),
            operator: Some(Arc::new(Operator {
                access_key: operator.to_owned(),
                secret: Secret(secret.to_owned()),
            })),
        }
    }

    /// Whether keys that belong to nobody, and requests without a key, are refused.
    #[must_use]
    pub fn are_strict(&self) -> bool {
        self.operator.is_some()
    }

    /// Registers the access key of a function, its secret and its role.
    pub fn register(&self, access_key: &str, secret: &str, role: &str, function: &str) {
        let owner = Owner {
            role: role.to_owned(),
            function: function.to_owned(),
            secret: Secret(secret.to_owned()),
        };
        let mut keys = self.functions.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(access_key.to_owned(), owner);
    }

    /// Returns the secret of an access key, if it is known here.
    #[must_use]
    pub fn secret(&self, access_key: &str) -> Option<String> {
        let keys = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = keys.get(access_key) {
            return Some(owner.secret.0.clone());
        }
        let operator = self.operator.as_ref();
        let operator = operator.filter(|operator| operator.access_key == access_key);
        operator.map(|operator| operator.secret.0.clone())
    }

    /// Returns the owner of an access key.
    #[must_use]
    pub fn principal(&self, access_key: &str) -> Principal {
        let keys = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        let access_key = access_key.to_owned();
        match keys.get(&access_key).cloned() {
            Some(Owner { role, function, .. }) => Principal::Function {
                access_key,
                role,
                function,
            },
            None if self.is_operator(&access_key) => Principal::Operator { access_key },
            None => Principal::Unknown,
        }
    }

    fn is_operator(&self, access_key: &str) -> bool {
        let operator = self.operator.as_ref();
        operator.is_none_or(|operator| operator.access_key == access_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_key_identifies_the_caller() {
        let keys = AccessKeys::default();
        keys.register("AKIA1", "secret", "order-api-role", "order-api");
        let arn = keys.principal("AKIA1").arn();
        assert_eq!(
            arn,
            "arn:aws:sts::000000000000:assumed-role/order-api-role/order-api"
        );
        assert!(matches!(keys.principal("test"), Principal::Operator { .. }));
    }

    #[test]
    fn strict_keys_know_the_operator_and_the_functions_alone() {
        let keys = AccessKeys::strict("AKIAOPERATOR", "own");
        keys.register("ASIA1", "secret", "order-api-role", "order-api");
        assert!(matches!(
            keys.principal("AKIAOPERATOR"),
            Principal::Operator { .. }
        ));
        assert!(matches!(keys.principal("ASIA1"), Principal::Function { .. }));
        assert_eq!(keys.principal("test"), Principal::Unknown);
        let secret = |key| keys.secret(key);
        assert_eq!(secret("AKIAOPERATOR").as_deref(), Some("own"));
        assert_eq!(secret("ASIA1").as_deref(), Some("secret"));
        assert_eq!(secret("test"), None);
        assert!(!format!("{keys:?}").contains("own"));
        assert!(keys.are_strict() && !AccessKeys::default().are_strict());
    }
}
