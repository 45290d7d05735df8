//! The functions, and how each is invoked asynchronously.

use std::time::Duration;

use cloud_iam::Caller;
use cloud_lambda::Function;

/// How a function is invoked asynchronously. Source: Lambda API Reference, `PutFunctionEventInvokeConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsyncSettings {
    /// How often a failed event is retried, 0 to 2.
    pub max_retries: u32,
    /// How long an event is kept, 60 seconds to 6 hours.
    pub max_age: Duration,
    /// The name of the queue that gets a record of each event that failed.
    pub on_failure: Option<String>,
    /// The name of the queue that gets each event that failed, as it was.
    pub dead_letter_queue: Option<String>,
}

impl Default for AsyncSettings {
    fn default() -> Self {
        Self {
            max_retries: 2,
            max_age: Duration::from_hours(6),
            on_failure: None,
            dead_letter_queue: None,
        }
    }
}

/// A function that can be invoked asynchronously.
#[derive(Clone, Debug)]
pub struct Target {
    /// The function.
    pub function: Function,
    /// How it is invoked.
    pub settings: AsyncSettings,
    /// The role of the function, with which Lambda writes to the failure destinations. `None` may do everything.
    pub caller: Option<Caller>,
}
