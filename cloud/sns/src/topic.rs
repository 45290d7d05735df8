//! The database row of a topic, and the ARN that names it.

use cloud_iam::Policy;
use cloud_store::Tx;
use cloud_wire::ACCOUNT;
use rusqlite::{OptionalExtension, params};

use crate::error::SnsError;
pub(super) use crate::request::Attributes;
use crate::request::{decode, encode};
use crate::service::Sns;

/// Reads the ARN of a topic from a request, for a call that is signed for this region and made by this account.
///
/// Sources: recorded answers for other regions; SNS Developer Guide, "Example cases for Amazon SNS access control": another
/// account's topic has to name the caller in its policy.
pub(super) fn parse_arn(sns: &Sns, action: &str, arn: &str) -> Result<String, SnsError> {
    let parts: Vec<_> = arn.split(':').collect();
    let [_, _, service, region, account, name] = parts[..] else {
        return Err(if parts.len() < 6 {
            SnsError::arn("TopicArn", parts.len())
        } else {
            SnsError::InvalidParameter("TopicArn".to_owned())
        });
    };
    if service != "sns" || region != sns.region() || name.is_empty() {
        return Err(SnsError::InvalidParameter("TopicArn".to_owned()));
    }
    if account != ACCOUNT {
        return Err(SnsError::AuthorizationError(format!(
            "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: SNS:{action} on resource: {arn} because no \
             resource-based policy allows the SNS:{action} action"
        )));
    }
    Ok(arn.to_owned())
}

pub(super) fn parse_policy(value: &str) -> Result<Policy, SnsError> {
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
    find(tx, arn)?.ok_or(SnsError::NotFound("Topic"))
}

/// Inserts or changes a topic, and enforces its policy from the commit on.
pub(super) fn put(sns: &Sns, tx: &Tx<'_>, arn: &str, attributes: &Attributes) -> Result<(), SnsError> {
    tx.prepare_cached(
        "INSERT INTO topics (arn, attributes) VALUES (?1, ?2)
         ON CONFLICT (arn) DO UPDATE SET attributes = excluded.attributes",
    )?
    .execute(params![arn, encode(attributes)?])?;
    let (iam, arn, policy) = (sns.iam().clone(), arn.to_owned(), policy(attributes));
    tx.on_commit(move || iam.set_resource_policy(&arn, policy));
    Ok(())
}
