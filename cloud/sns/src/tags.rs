//! Tags of topics: `TagResource`, `UntagResource`, `ListTagsForResource`.

use std::collections::{BTreeMap, BTreeSet};

use cloud_store::Tx;
use cloud_wire::{Form, Xml};
use rusqlite::{OptionalExtension, params};

use crate::error::SnsError;
use crate::service::Sns;

/// Maximum number of tags of one topic.
const MAX_TAGS: usize = 50;

/// Tags by their keys.
pub(super) type Tags = BTreeMap<String, String>;

/// Reads `Tags.member.N.Key` and `.Value`.
pub(super) fn parse(form: &Form) -> Result<Tags, SnsError> {
    let mut tags = Tags::new();
    for tag in form.list("Tags.member") {
        let key = tag.get("Key").unwrap_or_default();
        let value = tag.get("Value").unwrap_or_default();
        let is_sound = (1..=128).contains(&key.chars().count())
            && value.chars().count() <= 256
            && !key.to_ascii_lowercase().starts_with("aws:");
        if !is_sound {
            return Err(SnsError::parameter(
                "Tags",
                "a key or a value does not abide by the rules for tags",
            ));
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(SnsError::InvalidParameter(
                "Duplicated keys are not allowed.".to_owned(),
            ));
        }
    }
    check_number(&tags)?;
    Ok(tags)
}

fn check_number(tags: &Tags) -> Result<(), SnsError> {
    if tags.len() > MAX_TAGS {
        return Err(SnsError::TagLimitExceeded);
    }
    Ok(())
}

/// Returns the tags of a topic, or `None` if it does not exist.
pub(super) fn find(tx: &Tx<'_>, arn: &str) -> Result<Option<Tags>, SnsError> {
    let text: Option<String> = tx
        .prepare_cached("SELECT tags FROM topics WHERE arn = ?1")?
        .query_row([arn], |row| row.get(0))
        .optional()?;
    let parse =
        |text: String| serde_json::from_str(&text).map_err(|error| SnsError::Internal(error.to_string()));
    text.map(parse).transpose()
}

/// Replaces the tags of a topic.
pub(super) fn put(tx: &Tx<'_>, arn: &str, tags: &Tags) -> Result<(), SnsError> {
    let text = serde_json::to_string(tags).map_err(|error| SnsError::Internal(error.to_string()))?;
    tx.prepare_cached("UPDATE topics SET tags = ?2 WHERE arn = ?1")?
        .execute(params![arn, text])?;
    Ok(())
}

/// Reads `ResourceArn`. The resource need not exist.
fn resource_arn(form: &Form) -> Result<String, SnsError> {
    let arn = form.get("ResourceArn").unwrap_or_default();
    match arn.split(':').count() {
        6.. => Ok(arn.to_owned()),
        parts => Err(SnsError::arn("ResourceArn", parts)),
    }
}

async fn change(
    sns: &Sns,
    arn: String,
    change: impl FnOnce(&mut Tags) + Send + 'static,
) -> Result<Xml, SnsError> {
    sns.store()
        .run(move |tx| {
            let mut tags = find(tx, &arn)?.ok_or(SnsError::ResourceNotFound)?;
            change(&mut tags);
            check_number(&tags)?;
            put(tx, &arn, &tags)
        })
        .await?;
    Ok(Xml::default())
}

pub(super) async fn tag(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let added = parse(form)?;
    change(sns, resource_arn(form)?, |tags| tags.extend(added)).await
}

pub(super) async fn untag(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let keys = form.list("TagKeys.member");
    let keys: BTreeSet<String> = keys
        .iter()
        .filter_map(|key| key.get("").map(str::to_owned))
        .collect();
    change(sns, resource_arn(form)?, move |tags| {
        tags.retain(|key, _| !keys.contains(key));
    })
    .await
}

pub(super) async fn list(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = resource_arn(form)?;
    let tags = sns
        .store()
        .run(move |tx| find(tx, &arn)?.ok_or(SnsError::ResourceNotFound))
        .await?;
    let mut answer = Xml::default();
    answer.element("Tags", |xml| {
        for (key, value) in &tags {
            xml.element("member", |xml| {
                xml.text("Key", key).text("Value", value);
            });
        }
    });
    Ok(answer)
}
