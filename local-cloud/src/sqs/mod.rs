//! SQS. (Skeleton: the signatures below are the contract between the wire side and the Lambda side.)
use std::collections::BTreeMap;
use std::time::Duration;

/// The queue service; cheap to clone.
#[derive(Clone, Debug)]
pub struct Sqs;

/// A message as an event source mapping receives it.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    pub message_id: String,
    pub receipt_handle: String,
    pub body: String,
    pub md5_of_body: String,
    /// System attributes as AWS spells them: `ApproximateReceiveCount`, `SentTimestamp`, `SenderId`, `ApproximateFirstReceiveTimestamp`, ...
    pub attributes: BTreeMap<String, String>,
    pub message_attributes: BTreeMap<String, MessageAttribute>,
}

/// A message attribute: `DataType` (with custom suffix) and its value.
#[derive(Clone, Debug)]
pub struct MessageAttribute {
    pub data_type: String,
    pub value: AttributeValue,
}

#[derive(Clone, Debug)]
pub enum AttributeValue {
    String(String),
    Binary(Vec<u8>),
}

/// An AWS error: the exact wire code, and a message.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SqsError {
    pub code: String,
    pub message: String,
}

impl Sqs {
    /// Creates the queue, or sets its attributes to these where it exists (keeping its messages). Returns its URL.
    pub async fn converge_queue(
        &self,
        _name: &str,
        _attributes: BTreeMap<String, String>,
    ) -> Result<String, SqsError> {
        todo!()
    }
    pub fn arn(&self, _name: &str) -> String {
        todo!()
    }
    pub fn url(&self, _name: &str) -> String {
        todo!()
    }
    /// Receives up to `max` messages (1 to 10), waiting up to `wait` for the first one.
    pub async fn receive(
        &self,
        _queue: &str,
        _max: usize,
        _wait: Duration,
    ) -> Result<Vec<ReceivedMessage>, SqsError> {
        todo!()
    }
    /// Deletes by receipt handle; any number in one transaction.
    pub async fn delete(&self, _queue: &str, _receipt_handles: Vec<String>) -> Result<(), SqsError> {
        todo!()
    }
}
