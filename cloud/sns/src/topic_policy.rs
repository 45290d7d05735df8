//! The access policy of a topic: its default, and `AddPermission` and `RemovePermission`, which change its statements.

use cloud_wire::{ACCOUNT, Form, Xml};
use serde_json::{Value, json};

use crate::error::SnsError;
use crate::request::Attributes;
use crate::service::Sns;
use crate::topic;

/// The actions that a policy of a topic can name. Source: SNS Developer Guide, "Special information for Amazon SNS
/// policies".
const ACTIONS: [&str; 8] = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
];

/// AWS's default policy of a topic: its account may use it.
pub(super) fn default_policy(arn: &str) -> Value {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ACTIONS.map(|action| format!("SNS:{action}")),
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
        }]
    })
}

pub(super) async fn add_permission(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = topic::parse_arn(sns, "AddPermission", form.get("TopicArn").unwrap_or_default())?;
    let label = form.get("Label").unwrap_or_default().to_owned();
    let texts = |list: &str| -> Vec<String> {
        let items = form.list(list);
        items
            .iter()
            .filter_map(|item| item.get("").map(str::to_owned))
            .collect()
    };
    let (accounts, actions) = (texts("AWSAccountId.member"), texts("ActionName.member"));
    if actions.iter().any(|action| !ACTIONS.contains(&action.as_str())) {
        return Err(SnsError::InvalidParameter(
            "Policy statement action out of service scope!".to_owned(),
        ));
    }
    let is_account = |id: &String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if label.is_empty() || accounts.is_empty() || actions.is_empty() || !accounts.iter().all(is_account) {
        return Err(SnsError::InvalidParameter("Policy Error: null".to_owned()));
    }
    let statement = json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_list(accounts.iter().map(|id| format!("arn:aws:iam::{id}:root")))},
        "Action": one_or_list(actions.iter().map(|action| format!("SNS:{action}"))),
        "Resource": arn,
    });
    change_statements(sns, arn, move |statements| {
        if statements.iter().any(|other| other["Sid"] == statement["Sid"]) {
            return Err(SnsError::InvalidParameter("Statement already exists".to_owned()));
        }
        statements.push(statement);
        Ok(())
    })
    .await
}

/// AWS writes a list of one element as the element alone.
fn one_or_list(texts: impl Iterator<Item = String>) -> Value {
    let mut texts: Vec<_> = texts.collect();
    match texts.len() {
        1 => json!(texts.remove(0)),
        _ => json!(texts),
    }
}

pub(super) async fn remove_permission(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = topic::parse_arn(sns, "RemovePermission", form.get("TopicArn").unwrap_or_default())?;
    let label = form.get("Label").unwrap_or_default().to_owned();
    change_statements(sns, arn, move |statements| {
        statements.retain(|statement| statement["Sid"] != json!(label));
        Ok(())
    })
    .await
}

async fn change_statements(
    sns: &Sns,
    arn: String,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), SnsError> + Send + 'static,
) -> Result<Xml, SnsError> {
    let service = sns.clone();
    sns.store()
        .run(move |tx| {
            let mut attributes: Attributes = topic::get(tx, &arn)?;
            let stored = attributes.get("Policy").filter(|policy| !policy.is_empty());
            let mut document = stored
                .and_then(|policy| serde_json::from_str(policy).ok())
                .unwrap_or_else(|| default_policy(&arn));
            let mut statements = match document["Statement"].take() {
                Value::Array(statements) => statements,
                Value::Null => Vec::new(),
                // A policy may hold one statement without a list.
                statement => vec![statement],
            };
            change(&mut statements)?;
            document["Statement"] = Value::Array(statements);
            attributes.insert("Policy".to_owned(), document.to_string());
            topic::put(&service, tx, &arn, &attributes)
        })
        .await?;
    Ok(Xml::default())
}
