//! The settings of an event source.

use std::time::Duration;

/// A queue that invokes a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSourceSettings {
    /// The queue's ARN.
    pub queue_arn: String,
    /// The queue's name.
    pub queue_name: String,
    /// Most messages of a batch, 1 to 10,000.
    pub batch_size: usize,
    /// How long to wait for a fuller batch, up to 300 seconds.
    pub batching_window: Duration,
    /// Most invocations at once, 2 to 1,000.
    pub maximum_concurrency: Option<usize>,
    /// Whether the function's answer names the messages that failed.
    pub report_batch_item_failures: bool,
}
