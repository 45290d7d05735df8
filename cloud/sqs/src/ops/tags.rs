//! `TagQueue`, `UntagQueue`, `ListQueueTags`.

use std::collections::BTreeMap;

use cloud_store::Tx;
use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};

use super::one_queue::OneQueue;
use crate::error::SqsError;
use crate::name::queue_name;
use crate::queue::Queue;
use crate::service::Sqs;

/// Maximum number of tags of a queue.
const MAX_TAGS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagQueue {
    queue_url: String,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagQueue {
    queue_url: String,
    tag_keys: Vec<String>,
}

fn get(tx: &Tx<'_>, name: &str) -> Result<BTreeMap<String, String>, SqsError> {
    Queue::get(tx, name)?;
    let tags: String = tx
        .prepare_cached("SELECT tags FROM queues WHERE name = ?1")?
        .query_row([name], |row| row.get(0))?;
    serde_json::from_str(&tags).map_err(|error| SqsError::Internal(error.to_string()))
}

pub(super) fn set(tx: &Tx<'_>, name: &str, tags: &BTreeMap<String, String>) -> Result<(), SqsError> {
    if tags.len() > MAX_TAGS {
        return Err(SqsError::InvalidParameterValue(format!(
            "Too many tags added for queue {name}."
        )));
    }
    tx.prepare_cached("UPDATE queues SET tags = ?2 WHERE name = ?1")?
        .execute(params![name, json!(tags).to_string()])?;
    Ok(())
}

pub(crate) async fn tag(sqs: &Sqs, request: TagQueue) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    sqs.store()
        .run(move |tx| {
            let mut tags = get(tx, &name)?;
            tags.extend(request.tags);
            set(tx, &name, &tags)
        })
        .await?;
    Ok(json!({}))
}

pub(crate) async fn untag(sqs: &Sqs, request: UntagQueue) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    sqs.store()
        .run(move |tx| {
            let mut tags = get(tx, &name)?;
            tags.retain(|key, _| !request.tag_keys.contains(key));
            set(tx, &name, &tags)
        })
        .await?;
    Ok(json!({}))
}

pub(crate) async fn list(sqs: &Sqs, request: OneQueue) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let tags = sqs.store().run(move |tx| get(tx, &name)).await?;
    Ok(if tags.is_empty() {
        json!({})
    } else {
        json!({ "Tags": tags })
    })
}
