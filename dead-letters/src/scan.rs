//! Going through a dead-letter queue, which can only be done by receiving from it.
//!
//! SQS shows a letter by hiding it from everybody else for a while. A sweep therefore hides each letter once, hands it
//! to whoever asked, and gives back what is still there as soon as it ends: when nothing new comes, at Ctrl-C, or after
//! an error. If this process dies, the letters come back by themselves after [`SweepOptions::visibility_seconds`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use anyhow::Context;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use crate::dead_letter::Letter;
use crate::queue::DeadLetterQueue;

/// Messages of one receive, and of one batch call: the most that SQS takes.
pub(super) const BATCH: usize = 10;
/// Letters that a sweep holds at most. SQS lets 120,000 messages of a queue be in flight, those of others included; it
/// also bounds our memory, since a held letter is two short strings.
const MAX_HELD: usize = 110_000;

/// Seconds for which a letter is hidden at least, if nothing else is asked for.
const LEAST_VISIBILITY_SECONDS: i32 = 120;
/// Letters that even a busy machine sees in a second. Those that were seen first must not come back before the last was
/// seen: in a long queue they would be received again and again instead.
const SLOWEST_PER_SECOND: u64 = 100;

/// How to sweep.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Tuning")]
pub(super) struct SweepOptions {
    /// Seconds for which letters stay hidden from others if this command dies before it gives them back
    /// [default: 120, and more for a long queue]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..=43200), hide_short_help = true)]
    pub(super) visibility_seconds: Option<i32>,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=64), hide_short_help = true)]
    pub(super) parallel: u16,
}

/// A letter that the sweep holds.
#[derive(Debug)]
pub(super) struct Found {
    /// What is known of it.
    pub(super) letter: Letter,
    /// The message as it was received.
    pub(super) message: Message,
}

/// Letters that are no longer in the queue, by their ids there.
pub(super) type Gone = Vec<String>;

/// How a sweep went.
#[derive(Debug, Default)]
pub(super) struct SweepReport {
    /// Letters that were seen, each once.
    pub(super) seen: u64,
    /// How it ended, if not by having seen all that came.
    pub(super) cut_short: Option<CutShort>,
    /// Why it ended, if by an error; it is told after what was done until then.
    pub(super) error: Option<anyhow::Error>,
    /// Letters that could not be given back, and stay hidden for a while.
    pub(super) still_hidden: u64,
}

/// Why a sweep has not seen everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutShort {
    /// Ctrl-C.
    Interrupted,
    /// As many letters are held as may be.
    Full,
    /// Whoever asked has what was looked for.
    Satisfied,
}

/// A sweep of one queue.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    queue: &'a DeadLetterQueue,
    options: &'a SweepOptions,
    /// Receipts by message ids: what has to be given back.
    held: RefCell<HashMap<String, String>>,
    seen: Cell<u64>,
    /// Letters that came again since the last new one.
    again: Cell<usize>,
    visibility_seconds: Cell<i32>,
    cut_short: Cell<Option<CutShort>>,
    error: RefCell<Option<anyhow::Error>>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(queue: &'a DeadLetterQueue, options: &'a SweepOptions) -> Self {
        Self {
            queue,
            options,
            held: RefCell::default(),
            seen: Cell::new(0),
            again: Cell::new(0),
            visibility_seconds: Cell::new(LEAST_VISIBILITY_SECONDS),
            cut_short: Cell::new(None),
            error: RefCell::default(),
        }
    }

    /// Takes no further letters; what was received is handed over still.
    pub(super) fn stop(&self, why: CutShort) {
        if self.cut_short.get().is_none() {
            self.cut_short.set(Some(why));
        }
    }

    /// Whether nothing further is to be begun.
    pub(super) fn is_stopped(&self) -> bool {
        self.cut_short.get().is_some()
    }

    /// Hands over every letter once, up to ten at a time and several batches at once; `handle` says which are gone.
    /// Everything else is given back at the end.
    pub(super) async fn run(
        self,
        handle: impl AsyncFn(&Self, Vec<Found>) -> anyhow::Result<Gone>,
    ) -> SweepReport {
        // What cannot be counted cannot be received either, which is told then.
        let count = self.queue.counts().await.unwrap_or_default().visible;
        self.visibility_seconds.set(
            self.options
                .visibility_seconds
                .unwrap_or_else(|| visibility_seconds(count)),
        );
        let workers = (0..self.options.parallel).map(|_| self.work(&handle));
        let work = join_all(workers);
        tokio::pin!(work);
        let mut interrupted = false;
        loop {
            tokio::select! {
                _ = &mut work => break,
                signal = tokio::signal::ctrl_c() => {
                    // Asked twice: what is held comes back by itself.
                    if signal.is_ok() && interrupted {
                        std::process::exit(1);
                    }
                    interrupted = true;
                    eprintln!("stopping after what was begun ... (once more to end at once)");
                    self.stop(CutShort::Interrupted);
                }
            }
        }
        let held: Vec<String> = self.held.take().into_values().collect();
        let still_hidden = give_back(self.queue, &held, self.options.parallel.into()).await;
        SweepReport {
            seen: self.seen.get(),
            cut_short: self.cut_short.get(),
            error: self.error.take(),
            still_hidden,
        }
    }

    async fn work(&self, handle: &impl AsyncFn(&Self, Vec<Found>) -> anyhow::Result<Gone>) {
        while self.cut_short.get().is_none() && self.error.borrow().is_none() {
            let received = match self.receive().await {
                Ok(received) if received.is_empty() => return,
                Ok(received) => received,
                Err(error) => return self.fail(error),
            };
            let fresh = self.hold(received);
            if fresh.is_empty() {
                // All that is held came back, and nothing beside it: there is nothing else.
                if self.again.get() > self.held.borrow().len() {
                    return;
                }
                continue;
            }
            match handle(self, fresh).await {
                Ok(gone) => {
                    let mut held = self.held.borrow_mut();
                    for id in gone {
                        held.remove(&id);
                    }
                }
                Err(error) => return self.fail(error),
            }
        }
    }

    async fn receive(&self) -> anyhow::Result<Vec<Message>> {
        let answer = self
            .queue
            .sqs
            .receive_message()
            .queue_url(&self.queue.url)
            .max_number_of_messages(10)
            .visibility_timeout(self.visibility_seconds.get())
            .wait_time_seconds(self.queue.receive_wait_seconds)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .with_context(|| format!("{} cannot be read", self.queue.label()))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Notes every receipt, and gives the letters that were not seen before.
    fn hold(&self, received: Vec<Message>) -> Vec<Found> {
        let mut held = self.held.borrow_mut();
        let mut fresh = Vec::with_capacity(received.len());
        for message in received {
            let id = message.message_id.clone().unwrap_or_default();
            let receipt = message.receipt_handle.clone().unwrap_or_default();
            if held.insert(id, receipt).is_some() {
                self.again.set(self.again.get() + 1);
                continue;
            }
            self.again.set(0);
            self.seen.set(self.seen.get() + 1);
            let letter = Letter::read(self.queue.name, &message);
            fresh.push(Found { letter, message });
        }
        if held.len() >= MAX_HELD {
            self.stop(CutShort::Full);
        }
        fresh
    }

    /// The first error is the one to tell.
    fn fail(&self, error: anyhow::Error) {
        self.error.borrow_mut().get_or_insert(error);
    }
}

/// How long letters of a queue of this length are hidden.
fn visibility_seconds(count: u64) -> i32 {
    let count = count.min(MAX_HELD as u64);
    let seconds = i32::try_from(count / SLOWEST_PER_SECOND).unwrap_or(i32::MAX);
    seconds.saturating_add(LEAST_VISIBILITY_SECONDS)
}

/// Makes letters visible again at once, and counts those of calls that failed. One that has become visible by itself,
/// or was deleted, is no failure.
async fn give_back(queue: &DeadLetterQueue, receipts: &[String], parallel: usize) -> u64 {
    let calls = receipts.chunks(BATCH).map(async |chunk| {
        let entry = |(index, receipt): (usize, &String)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(0)
                .build()
                .ok()
        };
        let request = queue
            .sqs
            .change_message_visibility_batch()
            .queue_url(&queue.url)
            .set_entries(Some(chunk.iter().enumerate().filter_map(entry).collect()));
        if request.send().await.is_ok() {
            0
        } else {
            chunk.len() as u64
        }
    });
    stream::iter(calls)
        .buffer_unordered(parallel)
        .fold(0, async |sum, failed| sum + failed)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_queue_is_hidden_until_its_end_is_seen() {
        let seconds = [0, 1_000, 100_000, u64::MAX].map(visibility_seconds);
        assert_eq!(seconds, [120, 130, 1120, 1220]);
    }
}
