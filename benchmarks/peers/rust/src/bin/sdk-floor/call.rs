//! The calls, and how the SDK makes them.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::BatchStatementRequest;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use lambda_runtime::Error;

use crate::prepared::{Attribute, Text};

/// A call of order-worker or of order-api.
pub(crate) enum Call {
    /// `BatchExecuteStatement` of DynamoDB: statements with their parameters.
    Execute(Vec<(String, Vec<Attribute>)>),
    /// `GetItem` of DynamoDB.
    Get {
        table: String,
        key: Vec<(String, Attribute)>,
        projection: Option<String>,
    },
    /// `SendMessage` of SQS.
    Send {
        queue_url: String,
        body: Text,
        group: Option<String>,
    },
    /// `PublishBatch` of SNS.
    Publish { topic_arn: String, entries: Vec<Entry> },
}

/// An entry of `PublishBatch`.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) message: Text,
    pub(crate) group: Option<String>,
    /// The name and the text of an attribute.
    pub(crate) attribute: (String, String),
}

/// The clients of the SDK.
pub(crate) struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Clients {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
        }
    }

    /// Makes a call whose ids have these digits.
    pub(crate) async fn make(&self, call: &Call, digits: &str) -> Result<(), Error> {
        match call {
            Call::Execute(statements) => {
                let mut request = self.dynamodb.batch_execute_statement();
                for (statement, parameters) in statements {
                    let parameters = parameters.iter().map(|value| value.with(digits)).collect();
                    let statement = BatchStatementRequest::builder()
                        .statement(statement)
                        .set_parameters(Some(parameters));
                    request = request.statements(statement.build()?);
                }
                request.send().await?;
            }
            Call::Get {
                table,
                key,
                projection,
            } => {
                let key = key.iter().map(|(name, value)| (name.clone(), value.with(digits)));
                let request = self.dynamodb.get_item().table_name(table).consistent_read(true);
                let request = request.set_projection_expression(projection.clone());
                request.set_key(Some(key.collect())).send().await?;
            }
            Call::Send {
                queue_url,
                body,
                group,
            } => {
                let request = self.sqs.send_message().queue_url(queue_url);
                let request = request.set_message_group_id(group.clone());
                request.message_body(body.with(digits)).send().await?;
            }
            Call::Publish { topic_arn, entries } => {
                let mut request = self.sns.publish_batch().topic_arn(topic_arn);
                for entry in entries {
                    request = request.publish_batch_request_entries(entry.with(digits)?);
                }
                request.send().await?;
            }
        }
        Ok(())
    }
}

impl Entry {
    fn with(&self, digits: &str) -> Result<PublishBatchRequestEntry, Error> {
        let (name, text) = &self.attribute;
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(text);
        let entry = PublishBatchRequestEntry::builder()
            .id(&self.id)
            .message(self.message.with(digits))
            .set_message_group_id(self.group.clone())
            .message_attributes(name, attribute.build()?);
        Ok(entry.build()?)
    }
}
