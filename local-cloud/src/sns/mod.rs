//! SNS. (Skeleton: the signatures below are the contract.)
use std::collections::BTreeMap;

/// The topic service; cheap to clone.
#[derive(Clone, Debug)]
pub struct Sns;

pub use crate::sqs::SqsError as SnsError;

impl Sns {
    /// Creates the topic or sets its attributes. Returns its ARN.
    pub async fn converge_topic(
        &self,
        _name: &str,
        _attributes: BTreeMap<String, String>,
    ) -> Result<String, SnsError> {
        todo!()
    }
    /// Creates the subscription, or sets its attributes where topic, protocol and endpoint already have one.
    /// `sqs` is confirmed at once; `email` is confirmed at once if `confirm`, else pending until `ConfirmSubscription`.
    pub async fn converge_subscription(
        &self,
        _topic_arn: &str,
        _protocol: &str,
        _endpoint: &str,
        _attributes: BTreeMap<String, String>,
        _confirm: bool,
    ) -> Result<String, SnsError> {
        todo!()
    }
}
