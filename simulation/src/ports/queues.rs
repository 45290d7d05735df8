//! The two queues of a pipeline and the clock, as its service sees them.

use std::time::Duration;

use function_runtime::{Answers, CallError};
use order_core::Timestamp;
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, VisibilityChange};

use super::{effects, retries};
use crate::call::ClientTimeout;
use crate::pipeline::Pipeline;
use crate::plan::Service;
use crate::queue::Attributes;
use crate::rule::Rule;
use crate::schedule::Schedule;
use crate::world::World;

/// The client of a pipeline's queues.
pub(super) struct QueuePorts<'a> {
    pub(super) world: &'a World,
    pub(super) pipeline: Pipeline,
    pub(super) timeout: ClientTimeout,
}

/// Reads the text attributes of a message.
fn text_attributes(message: &Outgoing) -> Attributes {
    let text = |(name, attribute): (&String, &queue_consumer::record::Attribute)| {
        let text = attribute.as_text()?.to_owned();
        Some((name.clone(), (attribute.data_type.clone(), text)))
    };
    message.attributes().iter().filter_map(text).collect()
}

impl QueuePorts<'_> {
    pub(super) async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        let bytes: usize = messages.iter().map(|message| message.size()).sum();
        if bytes > 1024 * 1024 {
            self.world
                .report_violation(Rule::Limits, format!("a call with {bytes} bytes of messages"));
        }
        if to == Queue::DeadLetter {
            self.send_dead_letters(messages).await
        } else {
            for message in messages {
                retries::record_attempt(self.world, message.body());
            }
            self.call_batch("send again", messages, |message| {
                let delay = message.delay_seconds();
                retries::store(
                    self.world,
                    self.pipeline,
                    to,
                    message.body(),
                    text_attributes(message),
                    delay,
                );
                Ok(())
            })
            .await
        }
    }

    async fn send_dead_letters(&self, dead_letters: &[&Outgoing]) -> Answers {
        for dead_letter in dead_letters {
            effects::record_dead_letter_attempt(self.world, &text_attributes(dead_letter));
        }
        let answers = self.call_batch("send dead letters", dead_letters, |dead_letter| {
            let attributes = text_attributes(dead_letter);
            effects::store_dead_letter(self.world, self.pipeline, dead_letter.body(), attributes);
            Ok(())
        });
        let answers = answers.await;
        if let Ok(answers) = &answers {
            for (dead_letter, answer) in dead_letters.iter().zip(answers) {
                if answer.is_ok() {
                    effects::confirm_dead_letter(self.world, &text_attributes(dead_letter));
                }
            }
        }
        answers
    }

    pub(super) async fn change_visibility(&self, of: Queue, changes: &[VisibilityChange]) -> Answers {
        for change in changes {
            effects::record_requested_delay(self.world, &change.receipt_handle, change.seconds.into());
        }
        self.call_batch("change visibility", changes, |change| {
            let delay = Duration::from_secs(change.seconds.into());
            effects::set_visibility(self.world, self.pipeline, of, &change.receipt_handle, delay)
        })
        .await
    }

    /// Makes a batch call. Each entry can fail alone.
    async fn call_batch<'a, T: 'a>(
        &self,
        name: &'static str,
        entries: &'a [T],
        effect: impl Fn(&'a T) -> Result<(), &'static str>,
    ) -> Answers {
        let world = self.world;
        if !(1..=10).contains(&entries.len()) {
            let count = entries.len();
            world.report_violation(Rule::Limits, format!("{name} with {count} entries"));
        }
        let answers = world.call(Service::Queues, self.timeout, name, || {
            let perform = |entry| {
                let error = world.draw_entry_error();
                error.map_or_else(|| effect(entry), Err).map_err(CallError::new)
            };
            entries.iter().map(perform).collect()
        });
        answers.await.map_err(CallError::new)
    }
}

/// Reads the simulated time of day.
pub(super) fn read_clock(world: &World) -> Timestamp {
    Timestamp::new(Schedule::date(world.schedule.now()))
}
