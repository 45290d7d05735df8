//! AWS behind the [ports](crate::ports).

mod calls;
mod claims;
mod customer_page;
mod dynamodb;
mod rows;
mod sqs;
#[cfg(test)]
mod tests;

use aws_config::SdkConfig;
use function_runtime::aws::Connecting;

pub use calls::CALLS;
pub use claims::DynamoDbClaimTable;
pub use dynamodb::DynamoDbOrderTable;
pub use sqs::SqsOrderQueue;

/// A connection to each service that a new order needs.
pub(crate) fn connections(sdk: &SdkConfig) -> [Connecting; 2] {
    let table = aws_sdk_dynamodb::Client::new(sdk)
        .get_item()
        .table_name("any")
        .send();
    let queue = aws_sdk_sqs::Client::new(sdk).send_message().send();
    [Connecting::new("DynamoDB", table), Connecting::new("SQS", queue)]
}
