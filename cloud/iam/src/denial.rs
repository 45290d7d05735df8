//! Denied calls. Each different denial is logged once and kept for queries.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::caller::Caller;
use crate::policy::Permission;

/// Maximum number of different denials that are kept. A function that tries many resources must not fill the
/// memory.
const MAX_KEPT: usize = 1000;

/// A denied call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// The caller.
    pub caller: Caller,
    /// The permission that the caller does not have.
    pub permission: Permission,
    /// The reason.
    pub reason: Reason,
}

/// The reason for a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No statement of the caller's role and no statement of the resource's policy allows the call.
    NoIdentityPolicy,
    /// The caller is a service, which has no policies of its own, and no statement of the resource's policy
    /// allows the call.
    NoResourcePolicy,
    /// A statement of the caller's role denies the call.
    ExplicitDenyOfIdentityPolicy,
    /// A statement of the resource's policy denies the call.
    ExplicitDenyOfResourcePolicy,
    /// The needed permission cannot be determined from the request.
    NotUnderstood,
}

impl Reason {
    pub(super) fn no_statement(caller: &Caller) -> Self {
        match caller {
            Caller::Role { .. } => Self::NoIdentityPolicy,
            Caller::Service { .. } | Caller::Anonymous => Self::NoResourcePolicy,
        }
    }
}

/// AWS's message. Source: IAM User Guide, "Troubleshoot access denied error messages".
impl Denial {
    /// Returns the message. `action` is the action as the service spells it.
    #[must_use]
    pub fn message(&self, action: &str) -> String {
        let Self {
            caller,
            permission,
            reason,
        } = self;
        let user = match caller {
            Caller::Role { .. } | Caller::Anonymous => "User: ",
            Caller::Service { .. } => "Service: ",
        };
        let why = match reason {
            Reason::NoIdentityPolicy => {
                format!("because no identity-based policy allows the {action} action")
            }
            Reason::NoResourcePolicy => {
                format!("because no resource-based policy allows the {action} action")
            }
            Reason::ExplicitDenyOfIdentityPolicy => {
                "with an explicit deny in an identity-based policy".to_owned()
            }
            Reason::ExplicitDenyOfResourcePolicy => {
                "with an explicit deny in a resource-based policy".to_owned()
            }
            Reason::NotUnderstood => {
                "because the permission that the request needs cannot be determined".to_owned()
            }
        };
        let resource = &permission.resource;
        format!("{user}{caller} is not authorized to perform: {action} on resource: {resource} {why}")
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message(&self.permission.action))
    }
}

/// The denials since the start, each different one once.
#[derive(Debug)]
pub struct Denials {
    kept: Mutex<BTreeSet<Denial>>,
    count: watch::Sender<usize>,
}

impl Default for Denials {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }
}

impl Denials {
    pub(super) fn record(&self, denial: &Denial) {
        let count = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MAX_KEPT || !kept.insert(denial.clone()) {
                return;
            }
            kept.len()
        };
        tracing::warn!(
            principal = %denial.caller,
            action = denial.permission.action,
            resource = denial.permission.resource,
            "AccessDenied: {denial}"
        );
        self.count.send_replace(count);
    }

    /// Returns all denials. They are not ordered by time.
    #[must_use]
    pub fn all(&self) -> Vec<Denial> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }

    /// Waits for a denial for which `is_it` returns true, and returns it.
    pub async fn find(&self, is_it: impl Fn(&Denial) -> bool) -> Denial {
        let mut count = self.count.subscribe();
        loop {
            if let Some(denial) = self.all().into_iter().find(&is_it) {
                return denial;
            }
            // This cannot fail: `self` owns the sender.
            let _changed = count.changed().await;
        }
    }
}
