//! `CreateTopic`, `DeleteTopic`, `ListTopics`, `GetTopicAttributes`, `SetTopicAttributes`.

use std::collections::BTreeMap;

use cloud_iam::Policy;
use cloud_store::Tx;
use cloud_wire::{ACCOUNT, Form, Xml};
use rusqlite::{OptionalExtension, params};
use serde_json::json;

use crate::error::SnsError;
pub(super) use crate::request::Attributes;
use crate::request::{Page, decode, encode};
use crate::service::Sns;

/// The attributes that `SetTopicAttributes` accepts. Only `DisplayName` and `Policy` are used here; the
/// others are stored.
const SETTABLE: &[&str] = &[
    "DisplayName",
    "Policy",
    "DeliveryPolicy",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
];

fn check_name(name: &str) -> Result<(), SnsError> {
    let sound = (1..=256).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if sound {
        Ok(())
    } else {
        Err(SnsError::InvalidParameter("Topic Name".to_owned()))
    }
}

fn check_attributes(attributes: &Attributes) -> Result<(), SnsError> {
    for (name, value) in attributes {
        match name.as_str() {
            "FifoTopic" if value == "false" => {}
            "Policy" if value.is_empty() => {}
            "Policy" => drop(parse_policy(value)?),
            "DisplayName" if value.len() > 100 => {
                return Err(SnsError::InvalidParameter("DisplayName".to_owned()));
            }
            name if SETTABLE.contains(&name) => {}
            _ => return Err(SnsError::InvalidParameter("AttributeName".to_owned())),
        }
    }
    Ok(())
}

fn parse_policy(value: &str) -> Result<Policy, SnsError> {
    let invalid = |reason: String| SnsError::InvalidParameter(format!("Policy Error: {reason}"));
    let document = serde_json::from_str(value).map_err(|_| invalid("null".to_owned()))?;
    Policy::resource(&document).map_err(|error| invalid(error.to_string()))
}

/// Returns the policy of a topic, if it has one. A topic without a policy behaves as with AWS's default
/// policy: only callers whose account policies allow the call have access. A policy that an older version
/// accepted and this version cannot parse is logged and ignored.
fn policy(attributes: &Attributes) -> Option<Policy> {
    let value = attributes.get("Policy").filter(|value| !value.is_empty())?;
    parse_policy(value)
        .inspect_err(|error| tracing::warn!(%error, "ignoring a topic policy that cannot be parsed"))
        .ok()
}

/// Enforces the policies of all topics in the store.
pub(super) async fn enforce_policies(sns: &Sns) -> Result<(), SnsError> {
    let topics = sns
        .store()
        .run(|tx| {
            let mut statement = tx.prepare_cached("SELECT arn, attributes FROM topics")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok::<_, SnsError>(rows.collect::<Result<Vec<(String, String)>, _>>()?)
        })
        .await?;
    for (arn, attributes) in topics {
        sns.iam().set_resource_policy(&arn, policy(&decode(&attributes)?));
    }
    Ok(())
}

/// Returns the attributes of a topic, or `None` if it does not exist.
pub(super) fn find(tx: &Tx<'_>, arn: &str) -> Result<Option<Attributes>, SnsError> {
    let text: Option<String> = tx
        .prepare_cached("SELECT attributes FROM topics WHERE arn = ?1")?
        .query_row([arn], |row| row.get(0))
        .optional()?;
    text.map(|text| decode(&text)).transpose()
}

/// Returns the attributes of a topic, or an error if it does not exist.
pub(super) fn get(tx: &Tx<'_>, arn: &str) -> Result<Attributes, SnsError> {
    if !arn.starts_with("arn:aws:sns:") || arn.split(':').count() != 6 {
        return Err(SnsError::parameter("TopicArn", "not a topic's ARN"));
    }
    find(tx, arn)?.ok_or(SnsError::NotFound("Topic"))
}

fn put(sns: &Sns, tx: &Tx<'_>, arn: &str, attributes: &Attributes) -> Result<(), SnsError> {
    tx.prepare_cached(
        "INSERT INTO topics (arn, attributes) VALUES (?1, ?2)
         ON CONFLICT (arn) DO UPDATE SET attributes = excluded.attributes",
    )?
    .execute(params![arn, encode(attributes)?])?;
    let (iam, arn, policy) = (sns.iam().clone(), arn.to_owned(), policy(attributes));
    tx.on_commit(move || iam.set_resource_policy(&arn, policy));
    Ok(())
}

pub(super) async fn create(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let name = form.get("Name").unwrap_or_default();
    check_name(name)?;
    let attributes = form.map("Attributes");
    check_attributes(&attributes)?;
    let arn = sns.arn(name);
    let mut answer = Xml::default();
    answer.text("TopicArn", &arn);
    let service = sns.clone();
    sns.store()
        .run(move |tx| match find(tx, &arn)? {
            None => put(&service, tx, &arn, &attributes),
            Some(existing)
                if attributes
                    .iter()
                    .all(|(name, value)| existing.get(name) == Some(value)) =>
            {
                Ok(())
            }
            Some(_) => Err(SnsError::parameter(
                "Attributes",
                "Topic already exists with different attributes",
            )),
        })
        .await?;
    Ok(answer)
}

pub(super) async fn converge(sns: &Sns, name: &str, attributes: Attributes) -> Result<String, SnsError> {
    check_name(name)?;
    check_attributes(&attributes)?;
    let arn = sns.arn(name);
    let (service, topic) = (sns.clone(), arn.clone());
    sns.store()
        .run(move |tx| put(&service, tx, &topic, &attributes))
        .await?;
    Ok(arn)
}

pub(super) async fn delete(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = form.get("TopicArn").unwrap_or_default().to_owned();
    let iam = sns.iam().clone();
    sns.store()
        .run(move |tx| {
            tx.prepare_cached("DELETE FROM subscriptions WHERE topic_arn = ?1")?
                .execute([&arn])?;
            tx.prepare_cached("DELETE FROM topics WHERE arn = ?1")?
                .execute([&arn])?;
            tx.on_commit(move || iam.set_resource_policy(&arn, None));
            Ok::<_, SnsError>(())
        })
        .await?;
    Ok(Xml::default())
}

pub(super) async fn list(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let page = Page::of(form);
    let arns = sns
        .store()
        .run(|tx| {
            let mut statement = tx.prepare_cached("SELECT arn FROM topics ORDER BY arn")?;
            let arns = statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<Vec<String>, _>>()?;
            Ok::<_, SnsError>(arns)
        })
        .await?;
    Ok(page.answer(
        "Topics",
        arns,
        |arn| arn.as_str(),
        |xml, arn| {
            xml.text("TopicArn", arn);
        },
    ))
}

pub(super) async fn get_attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = form.get("TopicArn").unwrap_or_default().to_owned();
    let topic = arn.clone();
    let (mut attributes, [confirmed, pending, deleted]) = sns
        .store()
        .run(move |tx| {
            let attributes = get(tx, &topic)?;
            let counts = tx
                .prepare_cached(
                    "SELECT (SELECT COUNT(*) FROM subscriptions WHERE topic_arn = ?1 AND confirmed = 1),
                            (SELECT COUNT(*) FROM subscriptions WHERE topic_arn = ?1 AND confirmed = 0),
                            deleted_subscriptions
                     FROM topics WHERE arn = ?1",
                )?
                .query_row([&topic], |row| {
                    Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?])
                })?;
            Ok::<_, SnsError>((attributes, counts))
        })
        .await?;
    attributes.retain(|_, value| !value.is_empty());
    attributes.entry("DisplayName".to_owned()).or_default();
    attributes
        .entry("Policy".to_owned())
        .or_insert_with(|| default_policy(&arn));
    let computed = [
        ("TopicArn", arn),
        ("Owner", ACCOUNT.to_owned()),
        ("SubscriptionsConfirmed", confirmed.to_string()),
        ("SubscriptionsPending", pending.to_string()),
        ("SubscriptionsDeleted", deleted.to_string()),
    ];
    attributes.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    let mut answer = Xml::default();
    answer.map("Attributes", &attributes);
    Ok(answer)
}

/// AWS's default policy of a topic: its account may use it.
fn default_policy(arn: &str) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"
            ],
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
        }]
    })
    .to_string()
}

pub(super) async fn set_attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = form.get("TopicArn").unwrap_or_default().to_owned();
    let name = form.get("AttributeName").unwrap_or_default().to_owned();
    let change = BTreeMap::from([(name, form.get("AttributeValue").unwrap_or_default().to_owned())]);
    check_attributes(&change)?;
    let service = sns.clone();
    sns.store()
        .run(move |tx| {
            let mut attributes = get(tx, &arn)?;
            attributes.extend(change);
            put(&service, tx, &arn, &attributes)
        })
        .await?;
    Ok(Xml::default())
}
