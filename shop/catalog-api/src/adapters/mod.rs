//! AWS behind the [ports](crate::ports).

mod covers;
mod dynamodb;
mod row;

use std::time::Duration;

use aws_config::SdkConfig;
use function_runtime::aws::{CallLimits, Connecting};

pub use dynamodb::AwsCatalogue;

/// A call ends within 4 seconds of the function's 10, retries included: a change makes up to three calls, and a removal one more
/// for pictures. If that one is late, the book is removed all the same.
pub const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(2),
    operation: Duration::from_secs(4),
    max_attempts: 3,
    first_backoff: Duration::from_millis(50),
};

/// A connection to the service that every answer needs.
pub(crate) fn connections(sdk: &SdkConfig) -> [Connecting; 1] {
    let table = aws_sdk_dynamodb::Client::new(sdk)
        .get_item()
        .table_name("any")
        .send();
    [Connecting::new("DynamoDB", table)]
}
