//! AWS behind the [ports](crate::ports).

mod calls;
mod claims;
mod dynamodb;
mod sqs;
#[cfg(test)]
mod tests;

use std::time::Duration;

use function_runtime::aws::CallLimits;

pub use claims::DynamoDbClaimTable;
pub use dynamodb::DynamoDbOrderTable;
pub use sqs::SqsOrderQueue;

/// A call ends within 7 seconds of the function's 10, retries included, so that the function can answer even if AWS is slow. A
/// client waits meanwhile, so that retries begin soon.
pub const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(2),
    attempt: Duration::from_secs(3),
    operation: Duration::from_secs(7),
    max_attempts: 3,
    first_backoff: Duration::from_millis(100),
};
