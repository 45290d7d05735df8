//! `AddPermission` and `RemovePermission`: statements of the queue's policy, by their label.
//!
//! Source: SQS API Reference, `AddPermission`; recorded answers of both.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::SqsError;
use crate::name::{is_identifier, queue_name};
use crate::queue::Queue;
use crate::service::Sqs;
use crate::settings::{POLICY, invalid_parameter};

/// The actions that a permission can name. The others are the owner's alone.
const ACTIONS: [&str; 8] = [
    "*",
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
    "PurgeQueue",
];
/// Maximum number of actions of one statement.
const MAX_ACTIONS: usize = 7;
/// Maximum number of statements that a policy has after `AddPermission`.
const MAX_STATEMENTS: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddPermission {
    queue_url: String,
    label: String,
    #[serde(default, rename = "AWSAccountIds")]
    account_ids: Vec<String>,
    #[serde(default)]
    actions: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RemovePermission {
    queue_url: String,
    label: String,
}

impl AddPermission {
    /// Builds the statement. AWS writes a list of one element as the element alone.
    fn statement(&self, arn: &str) -> Result<Value, SqsError> {
        if !is_identifier(&self.label) {
            return Err(invalid_parameter(
                "Label",
                &self.label,
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
            ));
        }
        if self.account_ids.is_empty() {
            return Err(SqsError::MissingParameter("PrincipalId"));
        }
        if self.actions.is_empty() {
            return Err(SqsError::MissingParameter("Actions"));
        }
        let is_account = |id: &&String| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
        if let Some(id) = self.account_ids.iter().find(|id| !is_account(id)) {
            return Err(invalid_parameter("PrincipalId", id, "Unable to verify."));
        }
        if let Some(action) = self.actions.iter().find(|a| !ACTIONS.contains(&a.as_str())) {
            return Err(invalid_parameter(
                "ActionName",
                &format!("SQS:{action}"),
                "Please refer to the appropriate WSDL for a list of valid actions. ",
            ));
        }
        if self.actions.len() > MAX_ACTIONS {
            return Err(SqsError::OverLimitOf(format!(
                "{} Actions were found, maximum allowed is {MAX_ACTIONS}.",
                self.actions.len()
            )));
        }
        let one_or_list = |mut texts: Vec<String>| match texts.len() {
            1 => json!(texts.remove(0)),
            _ => json!(texts),
        };
        let accounts = self.account_ids.iter();
        let accounts = accounts.map(|id| format!("arn:aws:iam::{id}:root")).collect();
        let actions = self
            .actions
            .iter()
            .map(|action| format!("SQS:{action}"))
            .collect();
        Ok(json!({
            "Sid": self.label,
            "Effect": "Allow",
            "Principal": { "AWS": one_or_list(accounts) },
            "Action": one_or_list(actions),
            "Resource": arn,
        }))
    }
}

pub(crate) async fn add(sqs: &Sqs, request: AddPermission) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let statement = request.statement(&sqs.arn(&name))?;
    change_statements(sqs, name, move |statements| {
        if statements.iter().any(|s| s["Sid"] == statement["Sid"]) {
            return Err(invalid_parameter("Label", &request.label, "Already exists."));
        }
        if statements.len() >= MAX_STATEMENTS {
            return Err(SqsError::OverLimitOf(format!(
                "{} Statements were found, maximum allowed is {MAX_STATEMENTS}.",
                statements.len() + 1
            )));
        }
        statements.push(statement);
        Ok(())
    })
    .await
}

pub(crate) async fn remove(sqs: &Sqs, request: RemovePermission) -> Result<Value, SqsError> {
    change_statements(sqs, queue_name(&request.queue_url), move |statements| {
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != json!(request.label));
        if statements.len() == before {
            return Err(invalid_parameter("Label", &request.label, "can't find label."));
        }
        Ok(())
    })
    .await
}

/// Changes the statements of the queue's policy. A policy without statements is removed.
async fn change_statements(
    sqs: &Sqs,
    name: String,
    change: impl FnOnce(&mut Vec<Value>) -> Result<(), SqsError> + Send + 'static,
) -> Result<Value, SqsError> {
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            let mut settings = queue.settings.clone();
            let mut policy = settings.policy_document().unwrap_or_else(|| {
                json!({ "Version": "2008-10-17", "Id": format!("{}/SQSDefaultPolicy", service.arn(&name)) })
            });
            // A single statement may stand without a list.
            let mut statements = match policy["Statement"].take() {
                Value::Array(statements) => statements,
                Value::Null => Vec::new(),
                statement => vec![statement],
            };
            change(&mut statements)?;
            let text = if statements.is_empty() {
                String::new()
            } else {
                policy["Statement"] = Value::Array(statements);
                policy.to_string()
            };
            settings.apply(&BTreeMap::from([(POLICY.to_owned(), text)]))?;
            service.enforce_policy(tx, &name, Some(&settings));
            queue.update(tx, &settings, service.clock().now_ms())
        })
        .await?;
    Ok(json!({}))
}
