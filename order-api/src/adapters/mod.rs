//! AWS behind the [ports](crate::ports).

mod calls;
mod claims;
mod customer_page;
mod dynamodb;
mod rows;
mod sqs;
#[cfg(test)]
mod tests;

pub use calls::CALLS;
pub use claims::DynamoDbClaimTable;
pub use dynamodb::DynamoDbOrderTable;
pub use sqs::SqsOrderQueue;
