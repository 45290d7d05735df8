//! Which callers share their idempotency keys.

use std::collections::HashMap;
use std::str::FromStr;

use crate::caller::{Caller, CallerError};
use crate::key_owner::{KeyOwner, KeyOwnerError};

/// The callers that share their idempotency keys: the API keys of a tenant, or the roles before and after a rotation. A caller that is
/// not here owns his keys alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenants(HashMap<Caller, KeyOwner>);

/// The text is no list of pairs. A verb phrase, without the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TenantsError {
    /// A pair has no `=`.
    #[error(
        "has no CALLER=OWNER as pair {0}: write for example api-key:2xjk1c9f3d=tenant:acme, with commas between pairs"
    )]
    NoPair(usize),
    /// The left side of a pair.
    #[error("has a wrong caller in pair {0}: it {1}")]
    Caller(usize, CallerError),
    /// The right side of a pair.
    #[error("has a wrong owner in pair {0}: it {1}")]
    Owner(usize, KeyOwnerError),
    /// A caller has two owners.
    #[error("has the caller of pair {0} in an earlier pair too: leave one of them out")]
    Twice(usize),
    /// A caller takes over the keys of one whose keys are another's.
    #[error(
        "gives the caller of pair {0} the keys of a caller that has another owner itself: name that owner in both pairs"
    )]
    Chain(usize),
}

impl Tenants {
    /// The owner of the keys that a caller sends.
    #[must_use]
    pub fn owner(&self, caller: Caller) -> KeyOwner {
        self.0.get(&caller).cloned().unwrap_or(KeyOwner::Caller(caller))
    }
}

impl FromStr for Tenants {
    type Err = TenantsError;

    /// Pairs such as `api-key:2xjk1c9f3d=tenant:acme`, separated by commas. The owner may be a former caller, whose keys the other one
    /// takes over. An empty text has no pair.
    fn from_str(text: &str) -> Result<Self, TenantsError> {
        let mut owners = HashMap::new();
        let mut pairs = Vec::new();
        let texts = text.split(',').filter(|_| !text.is_empty());
        for (number, pair) in (1..).zip(texts) {
            let (caller, owner) = pair.trim().split_once('=').ok_or(TenantsError::NoPair(number))?;
            let caller: Caller = caller
                .parse()
                .map_err(|error| TenantsError::Caller(number, error))?;
            let owner: KeyOwner = owner
                .parse()
                .map_err(|error| TenantsError::Owner(number, error))?;
            if owners.insert(caller, owner.clone()).is_some() {
                return Err(TenantsError::Twice(number));
            }
            pairs.push((number, owner));
        }
        let tenants = Self(owners);
        for (number, owner) in pairs {
            if let KeyOwner::Caller(former) = &owner
                && tenants.owner(former.clone()) != owner
            {
                return Err(TenantsError::Chain(number));
            }
        }
        Ok(tenants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api_key(id: &str) -> Caller {
        Caller::ApiKey(id.to_owned())
    }

    fn tenants(text: &str) -> Tenants {
        text.parse().unwrap()
    }

    #[test]
    fn callers_of_one_tenant_share_their_keys_and_others_do_not() {
        let tenants = tenants("api-key:k1=tenant:acme, iam:AROA1=tenant:acme,api-key:k2=tenant:other");
        let acme: KeyOwner = "tenant:acme".parse().unwrap();
        assert_eq!(tenants.owner(api_key("k1")), acme);
        // Whatever the name of the session is.
        assert_eq!(tenants.owner(Caller::iam("AROA1:monday")), acme);
        assert_ne!(tenants.owner(api_key("k2")), acme);
        for alone in [api_key("k3"), api_key("AROA1"), Caller::Anonymous] {
            assert_eq!(tenants.owner(alone.clone()), KeyOwner::Caller(alone));
        }
        assert_eq!("".parse(), Ok(Tenants::default()));
    }

    #[test]
    fn a_new_caller_takes_over_the_keys_of_a_former_one() {
        let tenants = tenants("api-key:new=api-key:old,api-key:newer=api-key:old,iam:AROA1=open");
        let old = KeyOwner::Caller(api_key("old"));
        for caller in ["new", "newer", "old"] {
            assert_eq!(tenants.owner(api_key(caller)), old);
        }
        assert_eq!(tenants.owner(Caller::iam("AROA1")), Caller::Anonymous.into());
        // To say that a caller keeps his own keys changes nothing.
        assert!(
            "api-key:new=api-key:old,api-key:old=api-key:old"
                .parse::<Tenants>()
                .is_ok()
        );
    }

    #[test]
    fn a_wrong_list_is_refused_with_what_to_do() {
        let errors: Vec<String> = [
            "acme",
            "api-key:k1=tenant:acme,",
            "k1=tenant:acme",
            "arn:aws:iam::123456789012:role/shop=tenant:acme",
            "api-key:k1=acme",
            "api-key:k1=tenant:a/b",
            "api-key:k1=tenant:a,api-key:k2=tenant:a,api-key:k1=tenant:b",
            "iam:AROA1:monday=tenant:a,iam:AROA1:tuesday=tenant:a",
            "api-key:k1=api-key:k2,api-key:k2=tenant:a",
        ]
        .map(|text| text.parse::<Tenants>().unwrap_err().to_string())
        .into();
        insta::assert_snapshot!(errors.join("\n"), @r"
        has no CALLER=OWNER as pair 1: write for example api-key:2xjk1c9f3d=tenant:acme, with commas between pairs
        has no CALLER=OWNER as pair 2: write for example api-key:2xjk1c9f3d=tenant:acme, with commas between pairs
        has a wrong caller in pair 1: it must be open, api-key:ID or iam:ID
        has a wrong caller in pair 1: it must be the unique id of a role or user (iam:AROA..., iam:AIDA...), and no ARN; `aws iam get-role` shows it as RoleId
        has a wrong owner in pair 1: it must be tenant:NAME, open, api-key:ID or iam:ID
        has a wrong owner in pair 1: it must have 1 to 64 letters, digits, '-', '_' and '.' as the name of a tenant
        has the caller of pair 3 in an earlier pair too: leave one of them out
        has the caller of pair 2 in an earlier pair too: leave one of them out
        gives the caller of pair 1 the keys of a caller that has another owner itself: name that owner in both pairs
        ");
    }
}
