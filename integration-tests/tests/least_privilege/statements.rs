//! The template's policies are complete, and every statement in them is needed.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use integration_tests::time_limit::TimeLimit;
use local_cloud::StartError;
use local_cloud::iam::{Caller, Denial};

use crate::flows;
use crate::system::{System, TEST_TIME_LIMIT};
use crate::template::{self, Change, Owner};

/// The timeout of all flows, much longer than they take on a busy machine. Only a failure waits so long.
const FLOWS_TIMEOUT: Duration = Duration::from_mins(10);
/// The number of systems that run at the same time.
const CONCURRENCY: usize = 3;

/// The statements without an effect on this machine, by the policy's logical id or the statement's `Sid`, and the reason.
const WITHOUT_LOCAL_EFFECT: &[(&str, &str)] = &[
    (
        "DenyWithoutTls",
        "a call over loopback counts as encrypted; .ci/tests checks these statements",
    ),
    (
        "UseKey",
        "nothing is encrypted at rest here, and there is no key by default",
    ),
    (
        "ListOrdersByWholeRows",
        "by default no index has whole rows; .ci/tests checks this statement",
    ),
    (
        "RecordTraces",
        "nothing is recorded by default, and this machine has no X-Ray; .ci/tests checks these statements",
    ),
    (
        "EmailsDeliveryDlqPolicy",
        "every email reaches the local mailbox, so that none goes to a dead-letter queue",
    ),
    (
        "ApiGatewayAccountRole",
        "it is for the access logs of API Gateway, which this machine does not write",
    ),
    (
        "CanaryRole",
        "it is for CodeDeploy, which this machine does not have; .ci/tests checks its statements",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn with_all_statements_every_flow_works_and_no_call_is_denied() {
    let _limit = TimeLimit::start(TEST_TIME_LIMIT);
    let system = System::start(template::TEXT).await.unwrap();
    let done = tokio::time::timeout(FLOWS_TIMEOUT, flows::run_all(&system)).await;
    let denials = system.running.denials().all();
    assert!(denials.is_empty(), "{denials:#?}");
    assert!(done.is_ok(), "still waiting: {:#?}", system.pending());
    system.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_statement_a_call_is_denied() {
    let _limit = TimeLimit::start(TEST_TIME_LIMIT);
    let changes = template::make_changes(template::TEXT);
    let names = |name: &str, change: &Change| change.sid == name || change.owner.id() == name;
    let is_listed = |change: &Change| WITHOUT_LOCAL_EFFECT.iter().any(|(name, _)| names(name, change));
    let stale: Vec<_> = WITHOUT_LOCAL_EFFECT
        .iter()
        .filter(|(name, _)| !changes.iter().any(|change| names(name, change)))
        .collect();
    assert!(stale.is_empty(), "listed, but not in the template: {stale:?}");
    let checked: Vec<Change> = changes.into_iter().filter(|change| !is_listed(change)).collect();
    let owners: BTreeSet<&str> = checked.iter().map(|change| change.owner.id()).collect();
    assert!(owners.len() >= 5 && checked.len() >= 30, "{checked:#?}");

    let unneeded: Vec<String> = stream::iter(checked)
        .map(|change| async move {
            run_without(&change)
                .await
                .err()
                .map(|why| format!("{change}: {why}"))
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(unneeded.is_empty(), "{unneeded:#?}");
}

/// Runs the flows with a changed template, until a call is denied because of the change.
async fn run_without(change: &Change) -> Result<(), String> {
    let system = match System::start(&change.template).await {
        Ok(system) => system,
        Err(StartError::RoleCannotBeAssumed { role, .. }) if change.owner == Owner::Trust(role.clone()) => {
            return Ok(());
        }
        Err(error) => return Err(format!("it does not start: {error}")),
    };
    let denied = system
        .running
        .denials()
        .find(|denial| is_caused_by(change, denial));
    let outcome = tokio::select! {
        biased;
        _denial = denied => Ok(()),
        () = flows::run_all(&system) => Err("everything works without it".to_owned()),
        () = tokio::time::sleep(FLOWS_TIMEOUT) => {
            let denials = system.running.denials().all();
            Err(format!("still waiting: {:#?}, denied was {denials:#?}", system.pending()))
        }
    };
    system.running.stop().await;
    outcome
}

/// Whether a denial is caused by a change.
pub(crate) fn is_caused_by(change: &Change, denial: &Denial) -> bool {
    let is_owner = match (&change.owner, &denial.caller) {
        (Owner::Role(id), Caller::Role { role, .. }) => id == role,
        (Owner::Resource(_), Caller::Service { .. }) => true,
        _ => false,
    };
    is_owner && change.actions.contains(&denial.permission.action)
}
