//! Where a replay sends the letters of a queue.

use anyhow::Context;
use aws_sdk_sns::error::DisplayErrorContext;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use stack_client::{Connection, Resource, Target};

use crate::failed_cover::{FailedCover, Upload};
use crate::queue::{DeadLetterQueue, QueueName};
use crate::transfer::{self, OutgoingMessage};
use crate::undelivered_email::UndeliveredEmail;

/// The most emails a second that a replay publishes, and their number without `--rate`. SNS suspends an email subscription above 10
/// a second, and the notifiers share 8 of them (`MaxEmailsPerSecond`).
pub(super) const MAX_EMAILS_PER_SECOND: u32 = 2;
const EMAILS_PER_SECOND: u32 = 1;

/// All bytes of a key but those that a URL has as they are.
const ENCODED_IN_SOURCE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// The destination of a replay.
#[derive(Debug)]
pub(super) enum Destination {
    /// The queue in which the messages failed, by its URL.
    Queue { sqs: aws_sdk_sqs::Client, url: String },
    /// The topic of the emails, by its ARN. SNS has no way to deliver to one subscriber alone.
    Topic { sns: aws_sdk_sns::Client, arn: String },
    /// The bucket of the upload, which the message names. A copy of an object onto itself is a write, of which S3 sends an event.
    Bucket { s3: aws_sdk_s3::Client },
}

/// The URL of the queue in which messages failed; `None` for emails, which come from a topic, and for covers, which come from a bucket.
pub(super) async fn source_queue(connection: &Connection, name: QueueName) -> anyhow::Result<Option<String>> {
    let resource = match name {
        QueueName::Orders => Resource::OrdersQueueUrl,
        QueueName::Notifications => Resource::NotificationsQueueUrl,
        QueueName::Emails | QueueName::Covers => return Ok(None),
    };
    Ok(Some(connection.resource(resource).await?))
}

/// The messages a second of a replay; `None` without a limit. Fails if so many emails would suspend the subscriptions.
pub(super) fn rate(name: QueueName, asked: Option<u32>) -> anyhow::Result<Option<u32>> {
    if name != QueueName::Emails {
        return Ok(asked);
    }
    let rate = asked.unwrap_or(EMAILS_PER_SECOND);
    anyhow::ensure!(
        rate <= MAX_EMAILS_PER_SECOND,
        "SNS suspends an email subscription above 10 a second, of which notifier uses 8: give --rate {MAX_EMAILS_PER_SECOND}/s or less"
    );
    Ok(Some(rate))
}

impl Destination {
    /// Looks up the destination. Fails if an email would reach nobody, because SNS would accept it and drop it.
    pub(super) async fn open(connection: &Connection, queue: &DeadLetterQueue) -> anyhow::Result<Self> {
        if let Some(url) = source_queue(connection, queue.name).await? {
            let sqs = queue.sqs.clone();
            return Ok(Self::Queue { sqs, url });
        }
        if queue.name == QueueName::Covers {
            let config = aws_sdk_s3::config::Builder::from(&connection.sdk_config().await?);
            // The name of a bucket is no host on this machine.
            let config = config.force_path_style(connection.target() == Target::Local);
            let s3 = aws_sdk_s3::Client::from_conf(config.build());
            return Ok(Self::Bucket { s3 });
        }
        let arn = connection.resource(Resource::OrderEmailsTopicArn).await?;
        let sns = aws_sdk_sns::Client::new(&connection.sdk_config().await?);
        let attributes = sns.get_topic_attributes().topic_arn(&arn).send().await;
        let attributes = attributes
            .context("the topic of the emails cannot be read")?
            .attributes;
        let confirmed =
            attributes.and_then(|attributes| attributes.get("SubscriptionsConfirmed")?.parse().ok());
        let confirmed: u64 = confirmed.context("SNS does not say how many subscriptions are confirmed")?;
        anyhow::ensure!(
            confirmed > 0,
            "nobody is subscribed to {arn}: an email would reach nobody"
        );
        Ok(Self::Topic { sns, arn })
    }

    /// Sends messages. Returns for each why it failed, if it did.
    pub(super) async fn send(&self, messages: Vec<OutgoingMessage>) -> Vec<Result<(), String>> {
        match self {
            Self::Queue { sqs, url } => {
                let sent = transfer::send(sqs, url, messages).await;
                sent.into_iter().map(|sent| sent.map(drop)).collect()
            }
            Self::Topic { sns, arn } => {
                let mut outcomes = Vec::with_capacity(messages.len());
                for message in messages {
                    outcomes.push(publish(sns, arn, &message.body).await);
                }
                outcomes
            }
            Self::Bucket { s3 } => {
                let mut outcomes = Vec::with_capacity(messages.len());
                for message in messages {
                    outcomes.push(upload_again(s3, &message.body).await);
                }
                outcomes
            }
        }
    }
}

/// Copies the uploads of an event onto themselves. An upload that a later one has replaced is done: it has an event of its own.
async fn upload_again(s3: &aws_sdk_s3::Client, body: &str) -> Result<(), String> {
    let cover = FailedCover::from_json(body).map_err(|error| error.to_string())?;
    for Upload { bucket, key, etag } in cover.uploads() {
        let source = format!(
            "{bucket}/{}",
            percent_encoding::utf8_percent_encode(&key, ENCODED_IN_SOURCE)
        );
        let copy = s3
            .copy_object()
            .bucket(bucket)
            .key(key)
            .copy_source(source)
            .copy_source_if_match(format!("\"{etag}\""))
            // S3 copies an object onto itself only if something of it is replaced.
            .metadata_directive(aws_sdk_s3::types::MetadataDirective::Replace);
        match copy
            .send()
            .await
            .map_err(aws_sdk_s3::error::SdkError::into_service_error)
        {
            Ok(_) => {}
            Err(error) if error.meta().code() == Some("PreconditionFailed") => {}
            Err(error) if error.meta().code() == Some("NoSuchKey") => {
                return Err("the upload is gone: S3 deletes uploads after a day".to_owned());
            }
            Err(error) => return Err(DisplayErrorContext(&error).to_string()),
        }
    }
    Ok(())
}

async fn publish(sns: &aws_sdk_sns::Client, arn: &str, body: &str) -> Result<(), String> {
    let email = UndeliveredEmail::from_json(body).map_err(|error| error.to_string())?;
    let request = sns.publish().topic_arn(arn).message(email.message);
    let published = request.set_subject(email.subject).send().await;
    published
        .map(drop)
        .map_err(|error| DisplayErrorContext(&error).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_sent_slowly() {
        assert_eq!(rate(QueueName::Orders, None).unwrap(), None);
        assert_eq!(rate(QueueName::Notifications, Some(500)).unwrap(), Some(500));
        assert_eq!(rate(QueueName::Emails, None).unwrap(), Some(1));
        assert_eq!(rate(QueueName::Emails, Some(2)).unwrap(), Some(2));
        let error = rate(QueueName::Emails, Some(3)).unwrap_err().to_string();
        assert!(error.contains("--rate 2/s"), "{error}");
    }
}
