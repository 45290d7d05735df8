//! `CreateQueue`, `DeleteQueue`, `PurgeQueue`, `GetQueueUrl`, `ListQueues`, `ListDeadLetterSourceQueues`.

use std::collections::BTreeMap;

use cloud_store::Tx;
use serde::Deserialize;
use serde_json::{Value, json};

use super::one_queue::OneQueue;
use super::receive::in_range;
use super::tags;
use crate::error::SqsError;
use crate::name;
use crate::name::queue_name;
use crate::queue::Queue;
use crate::service::Sqs;
use crate::settings::{QueueSettings, RedriveAllowPolicy, invalid_parameter};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetQueueUrl {
    queue_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListQueues {
    queue_name_prefix: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListDeadLetterSourceQueues {
    queue_url: String,
    next_token: Option<String>,
    max_results: Option<i64>,
}

/// Time after a purge in which the next purge is refused, in milliseconds.
const PURGE_INTERVAL_MS: i64 = 60_000;

/// Checks that the dead-letter queue of a redrive policy exists and allows this source queue.
pub(super) fn check_redrive(
    sqs: &Sqs,
    tx: &Tx<'_>,
    name: &str,
    settings: &QueueSettings,
) -> Result<(), SqsError> {
    let Some(policy) = &settings.redrive else {
        return Ok(());
    };
    let refuse = |reason: &str| invalid_parameter("RedrivePolicy", &policy.target_arn, reason);
    let target = name::from_arn(&policy.target_arn)
        .ok_or_else(|| refuse("Dead letter target is not the ARN of a queue."))?;
    let target = Queue::find(tx, target)?.ok_or_else(|| refuse("Dead letter target does not exist."))?;
    let allowed = match &target.settings.redrive_allow {
        None | Some(RedriveAllowPolicy::AllowAll) => true,
        Some(RedriveAllowPolicy::DenyAll) => false,
        Some(RedriveAllowPolicy::ByQueue(arns)) => arns.contains(&sqs.arn(name)),
    };
    if allowed {
        Ok(())
    } else {
        Err(refuse(
            "Queue does not have permission to use the dead letter target.",
        ))
    }
}

pub(crate) async fn create(sqs: &Sqs, request: CreateQueue) -> Result<Value, SqsError> {
    let name = request.queue_name;
    name::check(&name)?;
    let mut settings = QueueSettings::default();
    settings.apply(&request.attributes)?;
    let url = json!({ "QueueUrl": sqs.url(&name) });
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            if let Some(existing) = Queue::find(tx, &name)? {
                let mut asked = existing.settings.clone();
                asked.apply(&request.attributes)?;
                return first_difference(&existing.settings, &asked)
                    .map_or(Ok(()), |attribute| Err(SqsError::QueueNameExists(attribute)));
            }
            check_redrive(&service, tx, &name, &settings)?;
            Queue::insert(tx, &name, &settings, service.clock().now_ms())?;
            service.enforce_policy(tx, &name, Some(&settings));
            tags::set(tx, &name, &request.tags)
        })
        .await?;
    Ok(url)
}

fn first_difference(existing: &QueueSettings, asked: &QueueSettings) -> Option<String> {
    let existing = existing.to_attributes();
    let different = asked
        .to_attributes()
        .into_iter()
        .find(|(name, value)| existing.get(name) != Some(value));
    different.map(|(name, _)| name)
}

/// Creates the queue, or sets exactly these attributes on the existing queue.
pub(crate) async fn converge(
    sqs: &Sqs,
    name: String,
    attributes: BTreeMap<String, String>,
) -> Result<(), SqsError> {
    name::check(&name)?;
    let mut settings = QueueSettings::default();
    settings.apply(&attributes)?;
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            check_redrive(&service, tx, &name, &settings)?;
            service.enforce_policy(tx, &name, Some(&settings));
            let now = service.clock().now_ms();
            match Queue::find(tx, &name)? {
                None => Queue::insert(tx, &name, &settings, now),
                Some(queue) if queue.settings == settings => Ok(()),
                Some(queue) => queue.update(tx, &settings, now),
            }
        })
        .await
}

pub(crate) async fn delete(sqs: &Sqs, request: OneQueue) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            Queue::get(tx, &name)?.remove(tx)?;
            service.enforce_policy(tx, &name, None);
            // Wake the long polls on this queue, so that they answer that it does not exist.
            service.signals().arrived(tx, &name);
            Ok::<_, SqsError>(())
        })
        .await?;
    Ok(json!({}))
}

pub(crate) async fn purge(sqs: &Sqs, request: OneQueue) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let now = sqs.clock().now_ms();
    sqs.store()
        .run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            if (0..PURGE_INTERVAL_MS).contains(&(now - queue.purged_at)) {
                return Err(SqsError::PurgeQueueInProgress(name));
            }
            queue.purge(tx, now)
        })
        .await?;
    Ok(json!({}))
}

pub(crate) async fn url(sqs: &Sqs, request: GetQueueUrl) -> Result<Value, SqsError> {
    let url = sqs.url(&request.queue_name);
    sqs.store()
        .run(move |tx| Queue::get(tx, &request.queue_name))
        .await?;
    Ok(json!({ "QueueUrl": url }))
}

pub(crate) async fn list(sqs: &Sqs, request: ListQueues) -> Result<Value, SqsError> {
    let page = Page::parse(request.next_token, request.max_results)?;
    let names = names(sqs).await?;
    let prefix = request.queue_name_prefix.unwrap_or_default();
    let found = names
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with(&prefix));
    Ok(page.answer(sqs, "QueueUrls", found.collect()))
}

pub(crate) async fn list_sources(sqs: &Sqs, request: ListDeadLetterSourceQueues) -> Result<Value, SqsError> {
    let page = Page::parse(request.next_token, request.max_results)?;
    let dead_letters = queue_name(&request.queue_url);
    let names = names(sqs).await?;
    if !names.iter().any(|(name, _)| *name == dead_letters) {
        return Err(SqsError::QueueDoesNotExist);
    }
    let arn = sqs.arn(&dead_letters);
    let sources = names
        .into_iter()
        .filter(|(_, target)| target.as_ref() == Some(&arn))
        .map(|(name, _)| name);
    Ok(page.answer(sqs, "queueUrls", sources.collect()))
}

/// Returns the name of every queue and the ARN of its dead-letter queue.
async fn names(sqs: &Sqs) -> Result<Vec<(String, Option<String>)>, SqsError> {
    let queues = sqs.store().run(Queue::all).await?;
    Ok(queues
        .into_iter()
        .map(|q| (q.name, q.settings.redrive.map(|policy| policy.target_arn)))
        .collect())
}

/// A page of queue names. The next token is the last name on the previous page.
struct Page {
    after: String,
    size: Option<usize>,
}

impl Page {
    fn parse(token: Option<String>, max_results: Option<i64>) -> Result<Self, SqsError> {
        let size = max_results
            .map(|max| in_range("MaxResults", max, 1, 1000))
            .transpose()?;
        Ok(Self {
            after: token.unwrap_or_default(),
            size: size.and_then(|size| usize::try_from(size).ok()),
        })
    }

    fn answer(&self, sqs: &Sqs, key: &str, names: Vec<String>) -> Value {
        let mut rest: Vec<String> = names.into_iter().filter(|name| *name > self.after).collect();
        let size = self.size.unwrap_or(1000);
        let mut answer = json!({});
        if rest.len() > size {
            rest.truncate(size);
            // Without MaxResults, AWS returns the first 1000 names and no token.
            if self.size.is_some() {
                answer["NextToken"] = json!(rest.last());
            }
        }
        if !rest.is_empty() || key == "queueUrls" {
            answer[key] = rest.iter().map(|name| sqs.url(name)).collect();
        }
        answer
    }
}
