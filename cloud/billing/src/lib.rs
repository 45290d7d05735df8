//! The bill of AWS: [`Units`] of each service, and the [`Meter`] that counts them by who caused them.
//!
//! Each service has one module with the rule by which its calls become billed units, and the page of AWS that states it:
//! [`api_gateway`], [`dynamodb`], [`lambda`], [`logs`], [`sns`], [`sqs`]. The services call these rules where they do the work. Prices are not
//! here: `orderctl cost` has them. Free tiers and discounts are not counted.
//!
//! Invariant: units are whole numbers, so that a test can expect them exactly.
//!
//! Imports no other crate of the workspace.

pub mod api_gateway;
pub mod dynamodb;
pub mod lambda;
pub mod logs;
mod meter;
pub mod sns;
pub mod sqs;
mod units;

pub use meter::{Meter, Source, Usage};
pub use units::Units;

/// The size of a chunk of a payload, of which SQS and SNS bill each as a request, in bytes.
///
/// Sources: the pages "Amazon SQS pricing" and "Amazon SNS pricing": each 64 KB chunk of a payload is billed as one request.
const CHUNK_BYTES: usize = 64 * 1024;

/// Returns the billed requests of a call with a payload of this size. A call without a payload is one.
fn chunks(payload_bytes: usize) -> u64 {
    payload_bytes.div_ceil(CHUNK_BYTES).max(1) as u64
}
