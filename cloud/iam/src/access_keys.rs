//! The callers of the endpoint, and the access keys that identify them.

use std::collections::HashMap;
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
    functions: Arc<RwLock<HashMap<String, (String, String)>>>,
    operator: Option<Arc<str>>,
}

impl AccessKeys {
    /// Creates strict keys: apart from the functions' keys, only this one is known.
    #[must_use]
    pub fn strict(operator: &str) -> Self {
        Self {
            functions: Arc::default(),
            operator: Some(operator.into()),
        }
    }

    /// Whether keys that belong to nobody, and requests without a key, are refused.
    #[must_use]
    pub fn are_strict(&self) -> bool {
        self.operator.is_some()
    }

    /// Registers the access key of a function and its role.
    pub fn register(&self, access_key: &str, role: &str, function: &str) {
        let mut keys = self.functions.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(access_key.to_owned(), (role.to_owned(), function.to_owned()));
    }

    /// Returns the owner of an access key.
    #[must_use]
    pub fn principal(&self, access_key: &str) -> Principal {
        let keys = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        let access_key = access_key.to_owned();
        match keys.get(&access_key).cloned() {
            Some((role, function)) => Principal::Function {
                access_key,
                role,
                function,
            },
            None if self.operator.as_deref().is_none_or(|known| known == access_key) => {
                Principal::Operator { access_key }
            }
            None => Principal::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_key_identifies_the_caller() {
        let keys = AccessKeys::default();
        keys.register("AKIA1", "order-api-role", "order-api");
        let arn = keys.principal("AKIA1").arn();
        assert_eq!(
            arn,
            "arn:aws:sts::000000000000:assumed-role/order-api-role/order-api"
        );
        assert!(matches!(keys.principal("test"), Principal::Operator { .. }));
    }

    #[test]
    fn strict_keys_know_the_operator_and_the_functions_alone() {
        let keys = AccessKeys::strict("AKIAOPERATOR");
        keys.register("ASIA1", "order-api-role", "order-api");
        assert!(matches!(
            keys.principal("AKIAOPERATOR"),
            Principal::Operator { .. }
        ));
        assert!(matches!(keys.principal("ASIA1"), Principal::Function { .. }));
        assert_eq!(keys.principal("test"), Principal::Unknown);
        assert!(keys.are_strict() && !AccessKeys::default().are_strict());
    }
}
