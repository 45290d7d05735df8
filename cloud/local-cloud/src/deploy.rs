//! Creates and updates queues, topics, subscriptions, tables and buckets so that they match the template.
//!
//! Queues, topics, tables and buckets that an older template created stay, so that a deployment loses no data. Its subscriptions
//! are removed as CloudFormation would, because they hold none. A change that cannot be made is an error.

use cloud_cloudformation::{self as template, RedriveCircle, Stack, sort_by_redrive};
use cloud_dynamodb::ConvergeError;
use cloud_s3::{BucketSettings, CorsRule, Notification, S3Failure, Website};
use cloud_sns::SnsError;
use cloud_sqs::SqsError;

use crate::services::Services;

/// A resource that could not be created or updated.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// A queue could not be created or updated.
    #[error("queue {name}: {source}")]
    Queue {
        /// The name of the queue.
        name: String,
        /// The reason.
        source: SqsError,
    },
    /// Queues are each other's dead-letter queues in a circle.
    #[error(transparent)]
    RedriveCircle(#[from] RedriveCircle),
    /// A topic or a subscription could not be created or updated.
    #[error("topic {name}: {source}")]
    Topic {
        /// The name or the ARN of the topic.
        name: String,
        /// The reason.
        source: SnsError,
    },
    /// A table could not be created or updated.
    #[error("table {name}: {source}")]
    Table {
        /// The name of the table.
        name: String,
        /// The reason.
        source: ConvergeError,
    },
    /// A bucket could not be created or updated.
    #[error("bucket {name}: {source}")]
    Bucket {
        /// The name of the bucket.
        name: String,
        /// The reason.
        source: S3Failure,
    },
}

/// Creates or updates all resources that the functions of the stacks need, before the functions start.
pub(crate) async fn converge(
    stacks: &[&Stack],
    services: &Services,
    confirm_emails: bool,
) -> Result<(), DeployError> {
    let queues: Vec<_> = stacks.iter().flat_map(|stack| stack.queues.clone()).collect();
    for queue in sort_by_redrive(&queues)? {
        let converged = services
            .sqs
            .converge_queue(&queue.name, queue.attributes.clone())
            .await;
        converged.map_err(|source| DeployError::Queue {
            name: queue.name.clone(),
            source,
        })?;
    }
    for topic in stacks.iter().flat_map(|stack| &stack.topics) {
        let converged = services
            .sns
            .converge_topic(&topic.name, topic.attributes.clone())
            .await;
        converged.map_err(|source| DeployError::Topic {
            name: topic.name.clone(),
            source,
        })?;
    }
    let mut subscriptions = Vec::new();
    for subscription in stacks.iter().flat_map(|stack| &stack.subscriptions) {
        let converged = services.sns.converge_subscription(
            &subscription.topic_arn,
            &subscription.protocol,
            &subscription.endpoint,
            subscription.attributes.clone(),
            confirm_emails,
        );
        let arn = converged.await.map_err(|source| DeployError::Topic {
            name: subscription.topic_arn.clone(),
            source,
        })?;
        subscriptions.push(arn);
    }
    let kept = services.sns.keep_subscriptions_of_stack(subscriptions);
    kept.await.map_err(|source| DeployError::Topic {
        name: "(of a subscription that the template no longer declares)".to_owned(),
        source,
    })?;
    for table in stacks.iter().flat_map(|stack| &stack.tables) {
        let converged = services
            .dynamodb
            .converge_table(table.create.clone(), table.time_to_live.clone())
            .await;
        converged.map_err(|source| DeployError::Table {
            name: table.name.clone(),
            source,
        })?;
    }
    services.dynamodb.delete_expired_items().await;
    for bucket in stacks.iter().flat_map(|stack| &stack.buckets) {
        let failed = |source| DeployError::Bucket {
            name: bucket.name.clone(),
            source,
        };
        let settings = settings(bucket).map_err(failed)?;
        let converged = services.s3.converge_bucket(&bucket.name, settings).await;
        converged.map_err(failed)?;
    }
    Ok(())
}

/// The settings of a bucket of the template as S3 takes them.
fn settings(bucket: &template::Bucket) -> Result<BucketSettings, S3Failure> {
    let cors = bucket.cors.iter().cloned().map(|rule| CorsRule {
        id: rule.id,
        allowed_origins: rule.allowed_origins,
        allowed_methods: rule.allowed_methods,
        allowed_headers: rule.allowed_headers,
        expose_headers: rule.exposed_headers,
        max_age_seconds: rule.max_age.and_then(|seconds| i32::try_from(seconds).ok()),
    });
    let website = bucket.website.clone();
    let website = website.map(|website| Website::new(website.index_document, website.error_document));
    Ok(BucketSettings {
        policy: bucket.policy.clone(),
        allows_public_policy: bucket.allows_public_policy,
        notifications: bucket.notifications.iter().cloned().map(notification).collect(),
        cors: cors.collect(),
        website: website.transpose()?,
    })
}

/// A notification of the template as S3 takes it.
fn notification(declared: template::Notification) -> Notification {
    Notification {
        id: declared.id,
        function: declared.function_name,
        events: declared.events,
        prefix: declared.prefix,
        suffix: declared.suffix,
    }
}
