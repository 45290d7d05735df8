//! The message about a scan that ended before it had seen every letter.

use crate::queue::DeadLetterQueue;
use crate::scan::StopReason;

/// Says why a scan ended early and how many letters remain.
pub(crate) async fn describe_remaining(why: StopReason, queue: &DeadLetterQueue) -> String {
    let counts = queue.counts().await.unwrap_or_default();
    let reason = match why {
        StopReason::Interrupted => "stopped",
        StopReason::HoldLimit => "as many letters are held as SQS allows",
        StopReason::TargetFound => "enough was seen",
    };
    format!(
        "{reason}: about {} letters remain in {}; the same command goes on from here",
        counts.visible + counts.hidden,
        queue.label()
    )
}
