//! Moving everything back: SQS does the work, we watch.

use std::time::Duration;

use anyhow::Context;

use super::queue::DeadLetterQueue;
use super::replay::Tally;

/// The pause between two looks at the task.
const PAUSE: Duration = Duration::from_millis(200);

/// Moves all letters of a queue back to it, and waits until SQS is done.
pub(super) async fn move_all(queue: &DeadLetterQueue) -> anyhow::Result<Tally> {
    let (name, sqs) = (queue.label(), &queue.sqs);
    let source = queue.arn(&queue.url).await?;
    // Always named: a message that was sent to the dead-letter queue directly has no source that SQS knows of.
    let destination = queue.arn(&queue.source_url).await?;
    let task = sqs
        .start_message_move_task()
        .source_arn(&source)
        .destination_arn(destination)
        .send()
        .await;
    let handle = task
        .with_context(|| format!("{name} cannot be moved"))?
        .task_handle;
    loop {
        let tasks = sqs
            .list_message_move_tasks()
            .source_arn(&source)
            .max_results(10)
            .send()
            .await;
        let tasks = tasks
            .with_context(|| format!("the move of {name} cannot be watched"))?
            .results;
        // Only a running task tells its handle; of the ended ones the newest comes first.
        let tasks = tasks.unwrap_or_default();
        let running = tasks.iter().find(|task| task.task_handle == handle);
        if running.is_none() {
            let done = tasks
                .first()
                .with_context(|| format!("SQS forgot the move of {name}"))?;
            if done.status.as_deref() != Some("COMPLETED") {
                let reason = done.failure_reason.as_deref().unwrap_or("no reason given");
                let status = done.status.as_deref().unwrap_or("unknown");
                anyhow::bail!("the move of {name} ended as {status}: {reason}");
            }
            let replayed = count(Some(done.approximate_number_of_messages_moved));
            let found = count(done.approximate_number_of_messages_to_move);
            // What another receiver holds at this moment stays.
            return Ok(Tally {
                replayed,
                failed: 0,
                skipped: found.saturating_sub(replayed),
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}
