//! Nothing is missing from the template's policies, and nothing in them is unneeded.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use local_cloud::StartError;
use local_cloud::iam::{Caller, Denial};

use crate::flows;
use crate::system::System;
use crate::template::{self, Change, Owner};

/// Far over what the flows take on a busy machine: only a failure waits this long.
const PATIENCE: Duration = Duration::from_mins(10);
/// Systems that run at once.
const AT_ONCE: usize = 3;

/// What has no effect on this machine, by the policy's logical id or the statement's `Sid`, and why.
const WITHOUT_LOCAL_EFFECT: &[(&str, &str)] = &[
    (
        "DenyWithoutTls",
        "a call over loopback counts as encrypted; .ci/tests judges what these statements say",
    ),
    (
        "UseKey",
        "nothing is encrypted at rest here, and there is no key by default",
    ),
    (
        "EmailsDeliveryDlqPolicy",
        "every email reaches the local mailbox, so that none is undeliverable",
    ),
    (
        "ApiGatewayAccountRole",
        "it is for access logs, which API Gateway does not write here",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn with_all_statements_everything_works_and_nothing_is_refused() {
    let system = System::start(template::TEXT).await.unwrap();
    let done = tokio::time::timeout(PATIENCE, flows::all(&system)).await;
    let denials = system.running.denials().all();
    assert!(denials.is_empty(), "{denials:#?}");
    assert!(done.is_ok(), "still waiting: {:#?}", system.waiting());
    system.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_of_them_something_is_refused() {
    let changes = template::changes();
    let names = |name: &str, change: &Change| change.sid == name || change.owner.id() == name;
    let is_listed = |change: &Change| WITHOUT_LOCAL_EFFECT.iter().any(|(name, _)| names(name, change));
    let stale: Vec<_> = WITHOUT_LOCAL_EFFECT
        .iter()
        .filter(|(name, _)| !changes.iter().any(|change| names(name, change)))
        .collect();
    assert!(stale.is_empty(), "listed, but not in the template: {stale:?}");
    let judged: Vec<Change> = changes.into_iter().filter(|change| !is_listed(change)).collect();
    let owners: BTreeSet<&str> = judged.iter().map(|change| change.owner.id()).collect();
    assert!(owners.len() >= 5 && judged.len() >= 30, "{judged:#?}");

    let unneeded: Vec<String> = stream::iter(judged)
        .map(|change| async move { without(&change).await.err().map(|why| format!("{change}: {why}")) })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(unneeded.is_empty(), "{unneeded:#?}");
}

/// Runs the flows without what the change takes away, until that is what is refused.
async fn without(change: &Change) -> Result<(), String> {
    let system = match System::start(&change.template).await {
        Ok(system) => system,
        Err(StartError::RoleCannotBeAssumed { role, .. }) if change.owner == Owner::Trust(role.clone()) => {
            return Ok(());
        }
        Err(error) => return Err(format!("it does not start: {error}")),
    };
    let refused = system.running.denials().find(|denial| is_of(change, denial));
    let outcome = tokio::select! {
        biased;
        _refused = refused => Ok(()),
        () = flows::all(&system) => Err("everything works without it".to_owned()),
        () = tokio::time::sleep(PATIENCE) => {
            let denials = system.running.denials().all();
            Err(format!("still waiting: {:#?}, refused was {denials:#?}", system.waiting()))
        }
    };
    system.running.stop().await;
    outcome
}

/// Whether a refusal is about what the change took away.
fn is_of(change: &Change, denial: &Denial) -> bool {
    let is_owner = match (&change.owner, &denial.caller) {
        (Owner::Role(id), Caller::Role { role, .. }) => id == role,
        (Owner::Resource(_), Caller::Service { .. }) => true,
        _ => false,
    };
    is_owner && change.actions.contains(&denial.permission.action)
}
