//! SQS behind the ports.

mod sqs;

pub use sqs::{HasSqs, QueueUrls, Sqs};
