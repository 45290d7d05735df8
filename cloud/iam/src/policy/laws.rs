//! Property tests of policy evaluation: rules that hold for all policies.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::{Permission, Policy, Request, Verdict, evaluate};
use crate::caller::Caller;

const ACTIONS: [&str; 4] = [
    "sqs:SendMessage",
    "sqs:DeleteMessage",
    "sns:Publish",
    "dynamodb:PartiQLInsert",
];
const RESOURCES: [&str; 3] = [
    "arn:aws:sqs:r:a:orders",
    "arn:aws:sqs:r:a:orders-dlq",
    "arn:aws:sns:r:a:events",
];

/// Generates statements with few actions and resources, some with wildcards, so that they often overlap.
fn statement() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec![
        "*",
        "sqs:*",
        "SQS:sendmessage",
        "sns:Publish",
        "dynamodb:PartiQL*",
        "x:y",
    ]);
    let resource = prop::sample::select(vec![
        "*",
        "arn:aws:sqs:r:a:orders",
        "arn:aws:sqs:r:a:orders*",
        "arn:aws:sns:*",
    ]);
    let action_key = prop::sample::select(vec!["Action", "NotAction"]);
    let resource_key = prop::sample::select(vec!["Resource", "NotResource"]);
    let effect = prop::sample::select(vec!["Allow", "Deny"]);
    (effect, action_key, action, resource_key, resource).prop_map(|(effect, action_key, action, resource_key, resource)| {
        json!({"Effect": effect, action_key: [action], resource_key: resource})
    })
}

fn policy(statements: &[Value]) -> Policy {
    Policy::identity(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
}

/// Evaluates the policies for every action on every resource.
fn verdicts(policies: &[Policy]) -> Vec<Verdict> {
    let caller = Caller::Role {
        role: "r".to_owned(),
        session: "s".to_owned(),
    };
    let mut verdicts = Vec::new();
    for action in ACTIONS {
        for resource in RESOURCES {
            let permission = Permission::new(action, resource);
            let request = Request {
                caller: &caller,
                permission: &permission,
            };
            verdicts.push(evaluate(policies, None, &request));
        }
    }
    verdicts
}

/// A slow but simple implementation of pattern matching, to compare with.
fn matches_simply(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|eaten| matches_simply(rest, &text[eaten..])),
        Some((&first, rest)) => text
            .split_first()
            .is_some_and(|(&read, text)| (first == '?' || first == read) && matches_simply(rest, text)),
    }
}

proptest! {
    #[test]
    fn a_deny_wins_whatever_is_allowed(allowed in prop::collection::vec(statement(), 0..5), mut denied in statement()) {
        denied["Effect"] = json!("Deny");
        let mut allow = denied.clone();
        allow["Effect"] = json!("Allow");
        let all: Vec<Value> = allowed.iter().chain([&denied]).cloned().collect();
        let covered = verdicts(&[policy(&[allow])]);
        for (verdict, covered) in verdicts(&[policy(&all)]).into_iter().zip(covered) {
            if covered == Verdict::Allowed {
                prop_assert_eq!(verdict, Verdict::DeniedByIdentityPolicy);
            }
        }
    }

    #[test]
    fn the_order_and_the_grouping_of_statements_have_no_effect(
        (statements, shuffled) in prop::collection::vec(statement(), 0..6)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        cut in 0..6usize,
    ) {
        let expected = verdicts(&[policy(&statements)]);
        prop_assert_eq!(&verdicts(&[policy(&shuffled)]), &expected);
        let (one, other) = shuffled.split_at(cut.min(shuffled.len()));
        prop_assert_eq!(&verdicts(&[policy(one), policy(other)]), &expected);
    }

    #[test]
    fn without_an_allow_statement_nothing_is_allowed(mut statements in prop::collection::vec(statement(), 0..5)) {
        for statement in &mut statements {
            statement["Effect"] = json!("Deny");
        }
        prop_assert!(!verdicts(&[policy(&statements)]).contains(&Verdict::Allowed));
        prop_assert!(verdicts(&[]).iter().all(|verdict| *verdict == Verdict::NotAllowed));
    }

    #[test]
    fn removing_an_allow_statement_never_allows_more(statements in prop::collection::vec(statement(), 1..6), at in 0..6usize) {
        let at = at % statements.len();
        prop_assume!(statements[at]["Effect"] == "Allow");
        let mut fewer = statements.clone();
        fewer.remove(at);
        for (before, after) in verdicts(&[policy(&statements)]).into_iter().zip(verdicts(&[policy(&fewer)])) {
            prop_assert!(after != Verdict::Allowed || before == Verdict::Allowed);
        }
    }

    #[test]
    fn matching_equals_the_simple_implementation(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let simple: (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(Pattern::parse("p", &pattern).unwrap().matches(&text), matches_simply(&simple.0, &simple.1));
    }
}
