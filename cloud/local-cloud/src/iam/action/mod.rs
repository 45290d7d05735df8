//! Which permissions an operation needs.
//!
//! Source: AWS Service Authorization Reference, the pages of Amazon SQS, Amazon SNS and Amazon DynamoDB.

mod dynamodb;
mod partiql;
mod sns;
mod sqs;

pub(crate) use dynamodb::permissions as dynamodb;
pub(crate) use sns::permissions as sns;
pub(crate) use sqs::permissions as sqs;

use super::policy::Permission;
use crate::sqs::ACCOUNT;

/// What an operation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// All of these, or the call is refused.
    All(Vec<Permission>),
    /// One for each statement of a batch, whose statements are judged alone. `None` is a statement of which it cannot
    /// be told.
    EachStatement(Vec<Option<Permission>>),
    /// It cannot be told, so that nothing may be done.
    Unknown,
}

/// What stands for the resource where an action has no resource type, or the request names none.
const ANY: &str = "*";

fn arn(service: &str, region: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}")
}
