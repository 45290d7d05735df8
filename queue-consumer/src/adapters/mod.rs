//! AWS behind the ports.

pub mod refusal;
mod sqs;

pub use sqs::Sqs;
