//! Replaying all letters of a queue by a message move task.

use serde_json::json;
use stack_client::Connection;

use super::arguments::Arguments;
use crate::audit_log::AuditedChange;
use crate::move_task;
use crate::queue::DeadLetterQueue;
use crate::replay_counts::ReplayCounts;
use crate::scan::StopReason;

/// Moves all letters of a dead-letter queue back to its source queue, of this URL.
pub(super) async fn replay(
    arguments: &Arguments,
    connection: &Connection,
    queue: &DeadLetterQueue,
    source_url: &str,
) -> anyhow::Result<(ReplayCounts, Option<StopReason>)> {
    let record = arguments.selection.record();
    let audit = AuditedChange::begin(&arguments.audit, connection, "replay", queue.label(), &record).await?;
    let (moved, stop_reason, error) = match move_task::move_all(queue, source_url, arguments.rate).await {
        Ok(ended) => ended,
        Err(error) => {
            audit.end(&json!({ "error": "the move was not begun, or could not be watched" }))?;
            return Err(error);
        }
    };
    audit.end(&moved)?;
    if let Some(error) = error {
        moved.print(arguments.json)?;
        return Err(error);
    }
    Ok((moved, stop_reason))
}
