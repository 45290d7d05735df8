//! IAM: decides whether a caller may make a call.
//!
//! Policies are parsed once, from the template and from the attributes of queues and topics; what this evaluator does
//! not know is an error then, never a statement that silently does nothing. Each service says which permissions
//! its operations need, `policy` holds documents and evaluates them, [`Denials`] keeps the denied calls.
//!
//! Two kinds of callers are checked: functions, which call with the credentials of their roles, and AWS
//! services, which call on behalf of a resource. Every other access key belongs to the operator, who may do
//! everything; with strict keys, only one does. A call over loopback counts as encrypted: `aws:SecureTransport` is always true.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::caller::Caller;
use crate::denial::{Denial, Denials, Reason};
use crate::policy::{Permission, Policy, Request, Verdict, evaluate};

/// A role and what it may do.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The policies that belong to it.
    pub policies: Vec<Policy>,
}

/// The policies of all roles and resources. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Iam(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Policies by role name.
    identity: RwLock<HashMap<String, Arc<[Policy]>>>,
    /// Policies by resource ARN.
    resource: RwLock<HashMap<String, Arc<Policy>>>,
    denials: Denials,
}

impl Iam {
    /// Replaces all roles with these.
    pub fn set_roles(&self, roles: impl IntoIterator<Item = Role>) {
        let roles = roles.into_iter().map(|role| (role.name, role.policies.into()));
        *self.0.identity.write().unwrap_or_else(PoisonError::into_inner) = roles.collect();
    }

    /// Sets or removes the policy of a queue, a topic or a bucket.
    pub fn set_resource_policy(&self, arn: &str, policy: Option<Policy>) {
        let mut policies = self.0.resource.write().unwrap_or_else(PoisonError::into_inner);
        match policy {
            Some(policy) => policies.insert(arn.to_owned(), Arc::new(policy)),
            None => policies.remove(arn),
        };
    }

    /// Checks whether a caller has a permission. A denial is recorded.
    ///
    /// # Errors
    /// Returns the denial, with a message in AWS's words.
    pub fn authorize(&self, caller: &Caller, permission: &Permission) -> Result<(), Denial> {
        let identity = match caller {
            Caller::Role { role, .. } => self
                .0
                .identity
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(role)
                .cloned(),
            Caller::Service { .. } | Caller::Anonymous => None,
        };
        let resource = self
            .0
            .resource
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(policy_of(&permission.resource))
            .cloned();
        let request = Request { caller, permission };
        let reason = match evaluate(
            identity.as_deref().unwrap_or_default(),
            resource.as_deref(),
            &request,
        ) {
            Verdict::Allowed => return Ok(()),
            Verdict::DeniedByIdentityPolicy => Reason::ExplicitDenyOfIdentityPolicy,
            Verdict::DeniedByResourcePolicy => Reason::ExplicitDenyOfResourcePolicy,
            Verdict::NotAllowed => Reason::no_statement(caller),
        };
        Err(self.refuse(caller, permission.clone(), reason))
    }

    /// Records a denial and returns it.
    #[must_use]
    pub fn refuse(&self, caller: &Caller, permission: Permission, reason: Reason) -> Denial {
        let denial = Denial {
            caller: caller.clone(),
            permission,
            reason,
        };
        self.0.denials.record(&denial);
        denial
    }

    /// The denials since the start.
    #[must_use]
    pub fn denials(&self) -> &Denials {
        &self.0.denials
    }
}

/// The ARN of the resource that has the policy: that of the bucket for an object.
fn policy_of(resource: &str) -> &str {
    let is_object = resource.starts_with("arn:aws:s3:::");
    resource
        .split('/')
        .next()
        .filter(|_| is_object)
        .unwrap_or(resource)
}
