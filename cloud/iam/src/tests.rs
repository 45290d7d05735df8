//! Tests of callers, role policies and resource policies together.

use serde_json::{Value, json};

use super::*;

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";

fn worker() -> Caller {
    Caller::Role {
        role: "worker".to_owned(),
        session: "f".to_owned(),
    }
}

fn sns(topic: &str) -> Caller {
    Caller::Service {
        name: SNS,
        source_arn: format!("arn:aws:sns:us-east-1:000000000000:{topic}"),
    }
}

/// Evaluates `sqs:SendMessage` to the queue.
fn send(identity: Option<&Value>, resource: Option<&Value>, caller: &Caller) -> Result<(), Reason> {
    let iam = Iam::default();
    if let Some(document) = identity {
        iam.set_roles([Role {
            name: "worker".to_owned(),
            policies: vec![Policy::identity(&json!({ "Statement": document })).unwrap()],
        }]);
    }
    let resource = resource.map(|document| Policy::resource(&json!({ "Statement": document })).unwrap());
    iam.set_resource_policy(QUEUE, resource);
    iam.authorize(caller, &Permission::new("sqs:SendMessage", QUEUE))
        .map_err(|denial| denial.reason)
}

#[test]
fn within_an_account_one_allow_is_enough_and_any_deny_wins() {
    let allow = json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE});
    let by_queue = |effect: &str, principal: Value| json!({"Effect": effect, "Principal": principal, "Action": "sqs:*", "Resource": QUEUE});
    let role = json!({"AWS": "arn:aws:iam::000000000000:role/worker"});
    let account = json!({"AWS": "arn:aws:iam::000000000000:root"});
    let other = json!({"AWS": ["111111111111", "arn:aws:iam::000000000000:role/other"]});

    assert_eq!(send(None, None, &worker()), Err(Reason::NoIdentityPolicy));
    assert_eq!(send(Some(&allow), None, &worker()), Ok(()));
    assert_eq!(
        send(None, Some(&by_queue("Allow", role.clone())), &worker()),
        Ok(())
    );
    assert_eq!(
        send(None, Some(&by_queue("Allow", json!("*"))), &worker()),
        Ok(())
    );
    // A statement that names the account leaves the decision to the role's own policies.
    assert_eq!(
        send(None, Some(&by_queue("Allow", account.clone())), &worker()),
        Err(Reason::NoIdentityPolicy)
    );
    assert_eq!(
        send(None, Some(&by_queue("Allow", other.clone())), &worker()),
        Err(Reason::NoIdentityPolicy)
    );
    for denied in [json!("*"), json!({"AWS": "*"}), role, account] {
        assert_eq!(
            send(Some(&allow), Some(&by_queue("Deny", denied)), &worker()),
            Err(Reason::ExplicitDenyOfResourcePolicy)
        );
    }
    assert_eq!(
        send(Some(&allow), Some(&by_queue("Deny", other)), &worker()),
        Ok(())
    );
    let deny = json!([allow, {"Effect": "Deny", "Action": "SQS:Send*", "NotResource": "x"}]);
    assert_eq!(
        send(Some(&deny), None, &worker()),
        Err(Reason::ExplicitDenyOfIdentityPolicy)
    );
}

#[test]
fn a_service_needs_a_resource_policy_that_allows_it() {
    let policy = json!({
        "Effect": "Allow",
        "Principal": {"Service": SNS},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:events"}},
    });
    assert_eq!(send(None, Some(&policy), &sns("events")), Ok(()));
    assert_eq!(
        send(None, Some(&policy), &sns("others")),
        Err(Reason::NoResourcePolicy)
    );
    assert_eq!(send(None, None, &sns("events")), Err(Reason::NoResourcePolicy));
    assert_eq!(
        send(None, Some(&policy), &worker()),
        Err(Reason::NoIdentityPolicy)
    );
}

#[tokio::test]
async fn a_denial_is_kept_once_and_find_waits_for_it() {
    let iam = Iam::default();
    let permission = Permission::new("sqs:SendMessage", QUEUE);
    let waiting = tokio::spawn({
        let iam = iam.clone();
        async move { iam.denials().find(|denial| denial.caller == worker()).await }
    });
    for caller in [sns("events"), worker(), worker()] {
        iam.authorize(&caller, &permission).unwrap_err();
    }
    let found = waiting.await.unwrap();
    assert_eq!(
        found.to_string(),
        "User: arn:aws:sts::000000000000:assumed-role/worker/f is not authorized to perform: sqs:SendMessage on \
         resource: arn:aws:sqs:us-east-1:000000000000:q because no identity-based policy allows the sqs:SendMessage \
         action"
    );
    assert_eq!(iam.denials().all().len(), 2);
}
