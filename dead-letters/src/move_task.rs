//! Replaying a whole dead-letter queue by a message move task, which runs inside SQS.

use std::time::Duration;

use anyhow::Context;
use aws_sdk_sqs::operation::cancel_message_move_task::CancelMessageMoveTaskError;
use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;

use terminal::stop_signal::StopSignal;

use crate::progress::Progress;
use crate::queue::DeadLetterQueue;
use crate::replay_counts::ReplayCounts;
use crate::scan::StopReason;

/// The pause between two requests for the task's state.
const PAUSE: Duration = Duration::from_millis(200);
/// The most messages that a task moves in a second.
const MAX_PER_SECOND: u32 = 500;

/// Refuses a rate that SQS would refuse, before the audit line is written.
pub(super) fn check_rate(rate: u32) -> anyhow::Result<()> {
    anyhow::ensure!(
        rate <= MAX_PER_SECOND,
        "SQS moves at most {MAX_PER_SECOND} messages a second: lower --rate, or leave it out"
    );
    Ok(())
}

/// Moves all letters of a dead-letter queue back to its source queue, of this URL, and waits until SQS is done. If the task fails, the
/// result holds both the error and the count of messages that were moved.
pub(super) async fn move_all(
    queue: &DeadLetterQueue,
    source_url: &str,
    rate: Option<u32>,
) -> anyhow::Result<(ReplayCounts, Option<StopReason>, Option<anyhow::Error>)> {
    let name = queue.label();
    let rate = rate.map(i32::try_from).transpose()?;
    let source = queue.arn(&queue.url).await?;
    // Without a destination SQS moves a message to its original source queue. The services send messages to the
    // dead-letter queue themselves, so that SQS knows no source.
    let destination = queue.arn(source_url).await?;
    let progress = Progress::new("moved", queue.counts().await?.visible);
    let task = queue
        .sqs
        .start_message_move_task()
        .source_arn(&source)
        .destination_arn(destination)
        .set_max_number_of_messages_per_second(rate)
        .send()
        .await;
    let handle = task
        .with_context(|| format!("{name} cannot be moved"))?
        .task_handle
        .with_context(|| format!("the move of {name} has no handle"))?;
    let mut stop_signal = StopSignal::listen()?;
    let mut cancelled = false;
    let ended = loop {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop_signal.received(), if !cancelled => {
                cancelled = true;
                eprintln!("stopping the move ...");
                cancel(queue, &handle).await?;
            }
        }
        let tasks = tasks(queue, &source).await?;
        // SQS returns the handle of a running task only. Ended tasks are listed newest first.
        let running = tasks.iter().find(|task| {
            task.task_handle.as_ref() == Some(&handle) || task.status.as_deref() == Some("CANCELLING")
        });
        match running {
            Some(task) => progress.set(count(Some(task.approximate_number_of_messages_moved))),
            None => {
                break tasks
                    .into_iter()
                    .next()
                    .with_context(|| format!("SQS no longer lists the move of {name}"))?;
            }
        }
    };
    progress.finish();
    Ok(evaluate(name, &ended))
}

async fn tasks(
    queue: &DeadLetterQueue,
    source: &str,
) -> anyhow::Result<Vec<ListMessageMoveTasksResultEntry>> {
    let request = queue
        .sqs
        .list_message_move_tasks()
        .source_arn(source)
        .max_results(10);
    let answer = request.send().await;
    let answer = answer.with_context(|| format!("the move of {} cannot be watched", queue.label()))?;
    Ok(answer.results.unwrap_or_default())
}

/// Cancels the task. It is no error if the task has just ended.
async fn cancel(queue: &DeadLetterQueue, handle: &str) -> anyhow::Result<()> {
    let answer = queue
        .sqs
        .cancel_message_move_task()
        .task_handle(handle)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(CancelMessageMoveTaskError::is_resource_not_found_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(error).with_context(|| {
            format!(
                "the move of {} could not be stopped: it goes on in SQS",
                queue.label()
            )
        }),
    }
}

fn evaluate(
    name: &str,
    task: &ListMessageMoveTasksResultEntry,
) -> (ReplayCounts, Option<StopReason>, Option<anyhow::Error>) {
    let replayed = count(Some(task.approximate_number_of_messages_moved));
    let found = count(task.approximate_number_of_messages_to_move);
    let counts = ReplayCounts {
        replayed,
        // Messages that another receiver holds are not moved.
        skipped: found.saturating_sub(replayed),
        ..ReplayCounts::default()
    };
    match task.status.as_deref() {
        Some("COMPLETED") => (counts, None, None),
        Some("CANCELLED") => (
            ReplayCounts { skipped: 0, ..counts },
            Some(StopReason::Interrupted),
            None,
        ),
        status => {
            let reason = task.failure_reason.as_deref().unwrap_or("no reason given");
            let status = status.unwrap_or("unknown");
            let error = anyhow::anyhow!("the move of {name} ended as {status}: {reason}");
            (counts, None, Some(error))
        }
    }
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: &str) -> (ReplayCounts, Option<StopReason>, Option<anyhow::Error>) {
        let task = ListMessageMoveTasksResultEntry::builder()
            .status(status)
            .failure_reason("CouldNotDetermineMessageSource")
            .approximate_number_of_messages_moved(3)
            .approximate_number_of_messages_to_move(5)
            .build();
        evaluate("orders-dlq", &task)
    }

    #[test]
    fn every_end_counts_what_was_moved() {
        let (counts, stop_reason, error) = ended("COMPLETED");
        assert_eq!((counts.replayed, counts.skipped, stop_reason), (3, 2, None));
        assert!(error.is_none());
        let (counts, stop_reason, error) = ended("CANCELLED");
        assert_eq!((counts.replayed, stop_reason), (3, Some(StopReason::Interrupted)));
        assert!(error.is_none());
        let (counts, _, error) = ended("FAILED");
        assert_eq!(counts.replayed, 3);
        insta::assert_snapshot!(error.unwrap(), @"the move of orders-dlq ended as FAILED: CouldNotDetermineMessageSource");
    }
}
