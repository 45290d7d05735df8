//! How long the processes of a function live.

use std::time::Duration;

/// How long processes live.
///
/// AWS ends an execution environment that is idle for some minutes, and every one after some hours, "even for functions
/// that are invoked continuously". Source: Lambda Developer Guide, "Understanding the Lambda execution environment
/// lifecycle". It documents no numbers; these are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessLifetime {
    /// A process that has been idle for so long is ended.
    pub idle: Duration,
    /// A process that started so long ago is ended when it is idle.
    pub total: Duration,
}

impl Default for ProcessLifetime {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(10),
            total: Duration::from_hours(4),
        }
    }
}
