//! Moving everything back: SQS does the work, we watch.

use std::time::Duration;

use anyhow::Context;
use aws_sdk_sqs::operation::cancel_message_move_task::CancelMessageMoveTaskError;
use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;

use crate::progress::Progress;
use crate::queue::DeadLetterQueue;
use crate::replay_counts::Tally;
use crate::scan::CutShort;

/// The pause between two looks at the task.
const PAUSE: Duration = Duration::from_millis(200);
/// The most that a task moves in a second.
const MAX_PER_SECOND: u32 = 500;

/// Refuses what SQS would refuse, before anything is announced.
pub(super) fn check_rate(rate: u32) -> anyhow::Result<()> {
    anyhow::ensure!(
        rate <= MAX_PER_SECOND,
        "SQS moves at most {MAX_PER_SECOND} messages a second: lower --rate, or leave it out"
    );
    Ok(())
}

/// Moves all letters of a queue back to it, and waits until SQS is done. What was moved is told with an error too.
pub(super) async fn move_all(
    queue: &DeadLetterQueue,
    rate: Option<u32>,
) -> anyhow::Result<(Tally, Option<CutShort>, Option<anyhow::Error>)> {
    let name = queue.label();
    let rate = rate.map(i32::try_from).transpose()?;
    let source = queue.arn(&queue.url).await?;
    // Always named: a message that was sent to the dead-letter queue directly has no source that SQS knows of.
    let destination = queue.arn(&queue.source_url).await?;
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
    let mut cancelled = false;
    let ended = loop {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = tokio::signal::ctrl_c(), if !cancelled => {
                cancelled = true;
                eprintln!("stopping the move ...");
                cancel(queue, &handle).await?;
            }
        }
        let tasks = tasks(queue, &source).await?;
        // Only a running task tells its handle; of the ended ones the newest comes first.
        let running = tasks.iter().find(|task| {
            task.task_handle.as_ref() == Some(&handle) || task.status.as_deref() == Some("CANCELLING")
        });
        match running {
            Some(task) => progress.set(count(Some(task.approximate_number_of_messages_moved))),
            None => {
                break tasks
                    .into_iter()
                    .next()
                    .with_context(|| format!("SQS forgot the move of {name}"))?;
            }
        }
    };
    progress.finish();
    Ok(outcome(name, &ended))
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

/// A task that ends at this moment cannot be cancelled, and need not be.
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

fn outcome(
    name: &str,
    task: &ListMessageMoveTasksResultEntry,
) -> (Tally, Option<CutShort>, Option<anyhow::Error>) {
    let replayed = count(Some(task.approximate_number_of_messages_moved));
    let found = count(task.approximate_number_of_messages_to_move);
    let tally = Tally {
        replayed,
        // What another receiver holds at this moment stays.
        skipped: found.saturating_sub(replayed),
        ..Tally::default()
    };
    match task.status.as_deref() {
        Some("COMPLETED") => (tally, None, None),
        Some("CANCELLED") => (Tally { skipped: 0, ..tally }, Some(CutShort::Interrupted), None),
        status => {
            let reason = task.failure_reason.as_deref().unwrap_or("no reason given");
            let status = status.unwrap_or("unknown");
            let error = anyhow::anyhow!("the move of {name} ended as {status}: {reason}");
            (tally, None, Some(error))
        }
    }
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: &str) -> (Tally, Option<CutShort>, Option<anyhow::Error>) {
        let task = ListMessageMoveTasksResultEntry::builder()
            .status(status)
            .failure_reason("CouldNotDetermineMessageSource")
            .approximate_number_of_messages_moved(3)
            .approximate_number_of_messages_to_move(5)
            .build();
        outcome("orders-dlq", &task)
    }

    #[test]
    fn every_end_tells_what_was_moved() {
        let (tally, cut_short, error) = ended("COMPLETED");
        assert_eq!((tally.replayed, tally.skipped, cut_short), (3, 2, None));
        assert!(error.is_none());
        let (tally, cut_short, error) = ended("CANCELLED");
        assert_eq!((tally.replayed, cut_short), (3, Some(CutShort::Interrupted)));
        assert!(error.is_none());
        let (tally, _, error) = ended("FAILED");
        assert_eq!(tally.replayed, 3);
        insta::assert_snapshot!(error.unwrap(), @"the move of orders-dlq ended as FAILED: CouldNotDetermineMessageSource");
    }
}
