//! Who asks: access keys and what they stand for.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderMap, header};

use crate::iam::Caller;
use crate::sqs::ACCOUNT;

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
pub struct Credentials(Arc<RwLock<HashMap<String, (String, String)>>>);

impl Credentials {
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

/// The credential of a signed request (Signature Version 4): `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
///
/// Source: AWS General Reference, "Signature Version 4 request elements".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) access_key: String,
    pub(super) service: String,
}

impl Scope {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let credential = authorization
            .split("Credential=")
            .nth(1)?
            .split([',', ' '])
            .next()?;
        // An access key may hold slashes in theory, the four parts behind it never do.
        let mut parts = credential.rsplitn(5, '/');
        let (_terminator, service) = (parts.next()?, parts.next()?);
        let (_region, _date, access_key) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            access_key: access_key.to_owned(),
            service: service.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_says_who_asks() {
        let mut headers = HeaderMap::new();
        assert_eq!(Scope::of(&headers), None);
        let value = "AWS4-HMAC-SHA256 Credential=AKIA1/20261123/eu-west-1/sqs/aws4_request, SignedHeaders=host, \
                     Signature=00";
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        let scope = Scope::of(&headers).unwrap();
        assert_eq!(
            (scope.access_key.as_str(), scope.service.as_str()),
            ("AKIA1", "sqs")
        );
        headers.insert(header::AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(Scope::of(&headers), None);

        let credentials = Credentials::default();
        credentials.register("AKIA1", "order-api-role", "order-api");
        let arn = credentials.principal("AKIA1").arn();
        assert_eq!(
            arn,
            "arn:aws:sts::000000000000:assumed-role/order-api-role/order-api"
        );
        assert!(matches!(
            credentials.principal("test"),
            Principal::Operator { .. }
        ));
    }
}
