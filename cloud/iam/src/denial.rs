//! What was refused: told once in the log, kept for whoever asks.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::caller::Caller;
use crate::policy::Permission;

/// Distinct refusals that are kept. A function that tries out resources must not fill the memory.
const MAX_KEPT: usize = 1000;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// Who was refused.
    pub caller: Caller,
    /// What.
    pub permission: Permission,
    /// Why.
    pub reason: Reason,
}

/// Why a caller was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No statement of the caller's role allows it, nor one of the resource.
    NoIdentityPolicy,
    /// No statement of the resource's policy allows it, and the caller has no policy of its own.
    NoResourcePolicy,
    /// A statement of the caller's role denies it.
    ExplicitDenyOfIdentityPolicy,
    /// A statement of the resource's policy denies it.
    ExplicitDenyOfResourcePolicy,
    /// The request could not be understood well enough to say which permission it needs.
    NotUnderstood,
}

impl Reason {
    pub(super) fn no_statement(caller: &Caller) -> Self {
        match caller {
            Caller::Role { .. } => Self::NoIdentityPolicy,
            Caller::Service { .. } => Self::NoResourcePolicy,
        }
    }
}

/// AWS's sentence. Source: IAM User Guide, "Troubleshoot access denied error messages".
impl Denial {
    /// The message with the action as a service spells it.
    #[must_use]
    pub fn message(&self, action: &str) -> String {
        let Self {
            caller,
            permission,
            reason,
        } = self;
        let user = match caller {
            Caller::Role { .. } => "User: ",
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
                "because it cannot be told which permission the request needs".to_owned()
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

/// The refusals since the start, each once.
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

    /// All of them, without order of time.
    #[must_use]
    pub fn all(&self) -> Vec<Denial> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }

    /// Waits until there is one that `is_it` is true of, and gives it.
    pub async fn find(&self, is_it: impl Fn(&Denial) -> bool) -> Denial {
        let mut count = self.count.subscribe();
        loop {
            if let Some(denial) = self.all().into_iter().find(&is_it) {
                return denial;
            }
            // The sender lives as long as `self` does.
            let _changed = count.changed().await;
        }
    }
}
