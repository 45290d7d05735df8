//! Who asks: access keys and what they stand for.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cloud_wire::ACCOUNT;

use crate::caller::Caller;

/// Who a call is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person or a tool: any key that is not a function's. May do everything.
    Operator {
        /// The access key that the request was signed with.
        access_key: String,
    },
    /// A function, with its role's permissions.
    Function {
        /// The access key that the function was started with.
        access_key: String,
        /// The role's name.
        role: String,
        /// The function's name, which is its session's.
        function: String,
    },
    /// A request without credentials, such as a link from a mail.
    Anonymous,
}

impl Principal {
    /// The ARN that `GetCallerIdentity` answers.
    #[must_use]
    pub fn arn(&self) -> String {
        match self {
            Self::Operator { .. } => format!("arn:aws:iam::{ACCOUNT}:root"),
            Self::Function { role, function, .. } => {
                format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{function}")
            }
            Self::Anonymous => format!("arn:aws:iam::{ACCOUNT}:anonymous"),
        }
    }

    /// The caller whose policies are judged; none may do everything.
    #[must_use]
    pub fn judged(&self) -> Option<Caller> {
        match self {
            Self::Function { role, function, .. } => Some(Caller::Role {
                role: role.clone(),
                session: function.clone(),
            }),
            Self::Operator { .. } | Self::Anonymous => None,
        }
    }

    /// The unique id, which SQS shows as `SenderId`.
    #[must_use]
    pub fn user_id(&self) -> String {
        match self {
            Self::Operator { .. } => ACCOUNT.to_owned(),
            Self::Function { role, function, .. } => format!("{role}:{function}"),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

/// The functions' access keys; cheap to clone, one registry.
#[derive(Clone, Debug, Default)]
pub struct AccessKeys(Arc<RwLock<HashMap<String, (String, String)>>>);

impl AccessKeys {
    /// Says that calls with this key come from this function in this role.
    pub fn register(&self, access_key: &str, role: &str, function: &str) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(access_key.to_owned(), (role.to_owned(), function.to_owned()));
    }

    /// Who an access key stands for.
    #[must_use]
    pub fn principal(&self, access_key: &str) -> Principal {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let access_key = access_key.to_owned();
        match keys.get(&access_key).cloned() {
            Some((role, function)) => Principal::Function {
                access_key,
                role,
                function,
            },
            None => Principal::Operator { access_key },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_says_who_asks() {
        let keys = AccessKeys::default();
        keys.register("AKIA1", "order-api-role", "order-api");
        let arn = keys.principal("AKIA1").arn();
        assert_eq!(
            arn,
            "arn:aws:sts::000000000000:assumed-role/order-api-role/order-api"
        );
        assert!(matches!(keys.principal("test"), Principal::Operator { .. }));
    }
}
