//! The status of a stack on AWS, from CloudFormation, SQS, SNS and DynamoDB.

use anyhow::Context;
use stack_client::{Connection, Resource, Target, queue};

use super::document::{Document, Problem, QueueState, SubscriptionState};

/// The text that SNS shows in place of the ARN of a subscription that is not confirmed.
const PENDING: &str = "PendingConfirmation";

/// The queues, each with whether it is a dead-letter queue.
const QUEUES: [(Resource, bool); 7] = [
    (Resource::OrdersQueueUrl, false),
    (Resource::OrdersRetryQueueUrl, false),
    (Resource::OrdersDlqUrl, true),
    (Resource::NotificationsQueueUrl, false),
    (Resource::NotificationsRetryQueueUrl, false),
    (Resource::NotificationsDlqUrl, true),
    (Resource::EmailsDeliveryDlqUrl, true),
];

/// Asks the services of AWS.
pub(super) async fn read(connection: &Connection) -> anyhow::Result<Document> {
    let mut status = Document {
        stack: Some(connection.stack_name().to_owned()),
        // Someone who names the resources may not be allowed to read the stack.
        started_at: connection.created_at().await.ok().flatten(),
        api_url: connection.api_url().await.ok(),
        ..Document::up(Target::Aws)
    };
    let sqs = connection.sqs().await?;
    for (resource, is_dead_letter_queue) in QUEUES {
        let url = match connection.resource(resource).await {
            Ok(url) => url,
            // Someone who names the resources one by one may leave some queues out.
            Err(_) if is_optional(resource) => continue,
            Err(error) => return Err(error),
        };
        status
            .queues
            .push(read_queue(&sqs, &url, is_dead_letter_queue).await?);
    }
    let sns = aws_sdk_sns::Client::new(&connection.sdk_config().await?);
    for topic in [Resource::OrderEventsTopicArn, Resource::OrderEmailsTopicArn] {
        let arn = connection.resource(topic).await?;
        status.subscriptions.extend(read_subscriptions(&sns, &arn).await?);
    }
    let table = connection.resource(Resource::OrdersTableName).await?;
    status.problems.extend(check_table(connection, &table).await?);
    Ok(status)
}

fn is_optional(resource: Resource) -> bool {
    matches!(
        resource,
        Resource::OrdersRetryQueueUrl | Resource::NotificationsRetryQueueUrl | Resource::EmailsDeliveryDlqUrl
    )
}

async fn read_queue(
    sqs: &aws_sdk_sqs::Client,
    url: &str,
    is_dead_letter_queue: bool,
) -> anyhow::Result<QueueState> {
    let depth = queue::read_depth(sqs, url).await?;
    Ok(QueueState {
        name: queue::name_in_url(url).to_owned(),
        visible: depth.visible,
        delayed: depth.delayed,
        in_flight: depth.in_flight,
        oldest_age_seconds: None,
        is_dead_letter_queue,
        sent: None,
        received: None,
        deleted: None,
    })
}

async fn read_subscriptions(
    sns: &aws_sdk_sns::Client,
    topic_arn: &str,
) -> anyhow::Result<Vec<SubscriptionState>> {
    let pages = sns.list_subscriptions_by_topic().topic_arn(topic_arn);
    let listed: Result<Vec<_>, _> = pages.into_paginator().items().send().collect().await;
    let listed = listed.with_context(|| format!("the subscriptions of {topic_arn} cannot be read"))?;
    let subscriptions = listed.into_iter().map(|listed| {
        let arn = listed.subscription_arn.unwrap_or_default();
        let state = if arn == PENDING { "pending" } else { "confirmed" };
        SubscriptionState {
            state: state.to_owned(),
            subscription_arn: arn,
            topic_arn: topic_arn.to_owned(),
            protocol: listed.protocol.unwrap_or_default(),
            endpoint: listed.endpoint.unwrap_or_default(),
        }
    });
    Ok(subscriptions.collect())
}

/// A table that is not active cannot store orders.
async fn check_table(connection: &Connection, table: &str) -> anyhow::Result<Option<Problem>> {
    let dynamodb = connection.dynamodb().await?;
    let answer = dynamodb.describe_table().table_name(table).send().await;
    let answer = answer.with_context(|| format!("the table {table} cannot be reached"))?;
    let status = answer.table.and_then(|table| table.table_status);
    let status = status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
    let is_usable = ["ACTIVE", "UPDATING"].contains(&status.as_str());
    Ok((!is_usable).then(|| Problem::new("table", format!("the table {table} is {status}"), None)))
}
