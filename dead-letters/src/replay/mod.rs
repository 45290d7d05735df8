//! `dlq replay`.

mod arguments;
mod letters;
mod whole_queue;

use std::process::ExitCode;

use stack_client::Connection;

use crate::confirm::ask_yes_no;
use crate::destination;
use crate::move_task;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::remaining::describe_remaining;
use crate::repair::Repair;
use crate::replay_counts::ReplayCounts;
use crate::scan::StopReason;
use crate::selection::Selection;
pub(crate) use arguments::Arguments;
use letters::LetterReplay;

/// Puts letters back on their source queues. Fails if any of them was not replayed.
pub(crate) async fn run(mut arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    arguments.selection.check()?;
    let repair = Repair::new(&arguments.repair)?;
    arguments.adapt_scan();
    let arguments = &arguments;
    let selection = Selection::new(&arguments.selection);
    let is_move = arguments.selection.is_everything() && !repair.changes_bodies() && !arguments.dry_run;
    if let (true, Some(rate)) = (is_move, arguments.rate) {
        move_task::check_rate(rate)?;
    }
    let mut counts = ReplayCounts::default();
    let mut stopped = false;
    for queue in DeadLetterQueue::open_selected(connection, arguments.selection.filter.queue).await? {
        if queue.name == QueueName::Emails && !asks_for_emails(arguments) {
            if queue.counts().await?.visible > 0 {
                eprintln!(
                    "{} is left as it is: an email goes to every subscriber again; `dlq replay --queue emails` sends them",
                    queue.label()
                );
            }
            continue;
        }
        if !arguments.dry_run && !is_confirmed(arguments, &queue).await? {
            eprintln!("{} is left as it is", queue.label());
            continue;
        }
        let source = if is_move {
            destination::source_queue(connection, queue.name).await?
        } else {
            None
        };
        let (queue_counts, stop_reason) = if let Some(url) = source {
            whole_queue::replay(arguments, connection, &queue, &url).await?
        } else {
            let replay = LetterReplay::new(arguments, connection, &repair, &selection, &queue).await?;
            replay.run().await?
        };
        counts.add(queue_counts);
        if let Some(why) = stop_reason {
            stopped = true;
            eprintln!("{}", describe_remaining(why, &queue).await);
            if why == StopReason::Interrupted {
                break;
            }
        }
    }
    if !stopped {
        counts.skipped += selection.report_missing();
    }
    if !arguments.dry_run {
        counts.print(arguments.json)?;
    }
    let is_done = !stopped && counts.failed == 0 && selection.all_found();
    Ok(if is_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether the operator means emails too. Unlike a message, an email that is replayed is not compared with anything, so that it
/// has to be named.
fn asks_for_emails(arguments: &Arguments) -> bool {
    let selection = &arguments.selection;
    !selection.ids.is_empty() || selection.filter.queue == Some(QueueName::Emails)
}

/// Whether the operator agrees. Nobody is asked about letters that are named by their ids. A script is not asked either,
/// since a replay is safe to repeat.
async fn is_confirmed(arguments: &Arguments, queue: &DeadLetterQueue) -> anyhow::Result<bool> {
    if arguments.yes || !arguments.selection.ids.is_empty() {
        return Ok(true);
    }
    let which = if arguments.selection.is_everything() {
        "everything"
    } else {
        "what matches"
    };
    let count = queue.counts().await?.visible;
    let question = format!(
        "Replay {which} in {} (about {count} letters there)?",
        queue.label()
    );
    Ok(count == 0 || ask_yes_no(&question)?.unwrap_or(true))
}
