//! Scanning a dead-letter queue: reading each of its messages once.
//!
//! A message can be read only by receiving it, and SQS hides a received message from other receivers until its visibility
//! timeout is over. A scan therefore receives each dead letter, passes it to its caller, and at its end makes the letters
//! that are still in the queue visible again. It ends when nothing new arrives, at a stop signal
//! (Ctrl-C, SIGTERM, SIGHUP), or after an error. If this
//! process dies, the letters become visible after [`ScanOptions::visibility_seconds`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use anyhow::Context;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use terminal::stop_signal::StopSignal;

use crate::dead_letter::DeadLetter;
use crate::queue::DeadLetterQueue;

/// Messages in one receive and in one batch request: the most that SQS takes.
pub(super) const BATCH: usize = 10;
/// The most letters that a scan holds. SQS allows 120,000 messages in flight in a queue, those of other receivers
/// included. The limit also bounds memory: a held letter is two short strings.
const MAX_HELD: usize = 110_000;

/// The shortest visibility timeout, in seconds, unless `--visibility-seconds` names one.
const MIN_VISIBILITY_SECONDS: i32 = 120;
/// Letters that even a busy machine reads in a second. The visibility timeout must last until the end of the queue is
/// read. Else the first letters would become visible and be received again, and the scan would never reach the end.
const MIN_LETTERS_PER_SECOND: u64 = 100;

/// How to scan a queue.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Tuning")]
pub(super) struct ScanOptions {
    /// Seconds for which letters stay hidden from other receivers if this command dies
    /// [default: 120, and more for a long queue]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..=43200), hide_short_help = true)]
    pub(super) visibility_seconds: Option<i32>,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=64), hide_short_help = true)]
    pub(super) parallel: u16,
}

/// A dead letter that the scan received and holds.
#[derive(Debug)]
pub(super) struct ReceivedLetter {
    /// Its content and the reason of its failure.
    pub(super) letter: DeadLetter,
    /// The message as it was received.
    pub(super) message: Message,
}

/// The message ids of letters that were deleted from the queue.
pub(super) type DeletedIds = Vec<String>;

/// The counts of a scan.
#[derive(Debug, Default)]
pub(super) struct ScanReport {
    /// How many different letters were received.
    pub(super) seen: u64,
    /// Why it ended before it had received all letters.
    pub(super) stop_reason: Option<StopReason>,
    /// The error that ended it. Callers print the counts of the finished work first.
    pub(super) error: Option<anyhow::Error>,
    /// Letters that could not be made visible again. They stay hidden until their visibility timeout is over.
    pub(super) still_hidden: u64,
}

/// Why a scan ended before it had received all letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    /// Ctrl-C, SIGTERM or SIGHUP.
    Interrupted,
    /// The scan holds [`MAX_HELD`] letters.
    HoldLimit,
    /// The caller has found the letter that it was looking for.
    TargetFound,
}

/// A scan of one queue.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    queue: &'a DeadLetterQueue,
    options: &'a ScanOptions,
    /// Receipt handles of the letters to be made visible again, by message id.
    held: RefCell<HashMap<String, String>>,
    seen: Cell<u64>,
    /// Letters that were received again since the last new one.
    repeated: Cell<usize>,
    visibility_seconds: Cell<i32>,
    stop_reason: Cell<Option<StopReason>>,
    error: RefCell<Option<anyhow::Error>>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(queue: &'a DeadLetterQueue, options: &'a ScanOptions) -> Self {
        Self {
            queue,
            options,
            held: RefCell::default(),
            seen: Cell::new(0),
            repeated: Cell::new(0),
            visibility_seconds: Cell::new(MIN_VISIBILITY_SECONDS),
            stop_reason: Cell::new(None),
            error: RefCell::default(),
        }
    }

    /// Ends the scan: letters that were received are still handled, no others are received.
    pub(super) fn stop(&self, why: StopReason) {
        if self.stop_reason.get().is_none() {
            self.stop_reason.set(Some(why));
        }
    }

    /// Whether the scan is ending, so that nothing new should be started.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop_reason.get().is_some()
    }

    /// Passes each letter to `handle` once, in batches of up to ten and several batches at a time. `handle` returns the ids
    /// of the letters that it deleted. All others are made visible again at the end.
    pub(super) async fn run(
        self,
        handle: impl AsyncFn(&Self, Vec<ReceivedLetter>) -> anyhow::Result<DeletedIds>,
    ) -> ScanReport {
        // If the count fails, the receive below fails too and reports the error.
        let count = self.queue.counts().await.unwrap_or_default().visible;
        self.visibility_seconds.set(
            self.options
                .visibility_seconds
                .unwrap_or_else(|| visibility_seconds(count)),
        );
        let workers = (0..self.options.parallel).map(|_| self.receive_until_done(&handle));
        let work = join_all(workers);
        tokio::pin!(work);
        // From here a signal stops the scan in an orderly way, and still during the requests that give the letters back.
        let mut stop_signal = match StopSignal::listen() {
            Ok(signal) => signal,
            Err(error) => {
                self.fail(error.into());
                return ScanReport {
                    error: self.error.take(),
                    ..ScanReport::default()
                };
            }
        };
        let mut interrupted = false;
        loop {
            tokio::select! {
                _ = &mut work => break,
                () = stop_signal.received() => {
                    // The second signal ends the process. The letters become visible by their timeout.
                    if interrupted {
                        std::process::exit(1);
                    }
                    interrupted = true;
                    eprintln!("stopping after the requests under way ... (press again to end at once)");
                    self.stop(StopReason::Interrupted);
                }
            }
        }
        let held: Vec<String> = self.held.take().into_values().collect();
        let still_hidden = make_visible(self.queue, &held, self.options.parallel.into()).await;
        ScanReport {
            seen: self.seen.get(),
            stop_reason: self.stop_reason.get(),
            error: self.error.take(),
            still_hidden,
        }
    }

    async fn receive_until_done(
        &self,
        handle: &impl AsyncFn(&Self, Vec<ReceivedLetter>) -> anyhow::Result<DeletedIds>,
    ) {
        while self.stop_reason.get().is_none() && self.error.borrow().is_none() {
            let received = match self.receive().await {
                Ok(received) if received.is_empty() => return,
                Ok(received) => received,
                Err(error) => return self.fail(error),
            };
            let fresh = self.hold(received);
            if fresh.is_empty() {
                // Every held letter came again and no new one: the queue holds no others.
                if self.repeated.get() > self.held.borrow().len() {
                    return;
                }
                continue;
            }
            match handle(self, fresh).await {
                Ok(deleted) => {
                    let mut held = self.held.borrow_mut();
                    for id in deleted {
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

    /// Stores every receipt handle, and returns the letters that were not received before.
    fn hold(&self, received: Vec<Message>) -> Vec<ReceivedLetter> {
        let mut held = self.held.borrow_mut();
        let mut fresh = Vec::with_capacity(received.len());
        for message in received {
            let id = message.message_id.clone().unwrap_or_default();
            let receipt = message.receipt_handle.clone().unwrap_or_default();
            if held.insert(id, receipt).is_some() {
                self.repeated.set(self.repeated.get() + 1);
                continue;
            }
            self.repeated.set(0);
            self.seen.set(self.seen.get() + 1);
            let letter = DeadLetter::read(self.queue.name, &message);
            fresh.push(ReceivedLetter { letter, message });
        }
        if held.len() >= MAX_HELD {
            self.stop(StopReason::HoldLimit);
        }
        fresh
    }

    /// Keeps the first error.
    fn fail(&self, error: anyhow::Error) {
        self.error.borrow_mut().get_or_insert(error);
    }
}

/// The visibility timeout for a scan of a queue with so many messages.
fn visibility_seconds(count: u64) -> i32 {
    let count = count.min(MAX_HELD as u64);
    let seconds = i32::try_from(count / MIN_LETTERS_PER_SECOND).unwrap_or(i32::MAX);
    seconds.saturating_add(MIN_VISIBILITY_SECONDS)
}

/// Makes letters visible again, and counts those whose request failed. A letter that is already visible or deleted does
/// not count as a failure.
async fn make_visible(queue: &DeadLetterQueue, receipts: &[String], parallel: usize) -> u64 {
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
    fn a_long_queue_is_hidden_until_its_end_is_read() {
        let seconds = [0, 1_000, 100_000, u64::MAX].map(visibility_seconds);
        assert_eq!(seconds, [120, 130, 1120, 1220]);
    }
}
