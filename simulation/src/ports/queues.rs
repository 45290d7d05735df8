//! The two queues of a pipeline and the clock, as its service sees them.

use std::time::Duration;

use function_runtime::{Answers, CallError};
use order_core::Timestamp;
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::VisibilityChange;

use super::effects;
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

/// Reads the text attributes of a dead letter.
fn text_attributes(dead_letter: &DeadLetter) -> Attributes {
    let text = |(name, attribute): (&String, &queue_consumer::record::Attribute)| {
        let text = attribute.as_text()?.to_owned();
        Some((name.clone(), (attribute.data_type.clone(), text)))
    };
    dead_letter.attributes().iter().filter_map(text).collect()
}

impl QueuePorts<'_> {
    pub(super) async fn send_dead_letters(&self, dead_letters: &[&DeadLetter]) -> Answers {
        let bytes: usize = dead_letters.iter().map(|dead_letter| dead_letter.size()).sum();
        if bytes > 1024 * 1024 {
            self.world
                .report_violation(Rule::Limits, format!("a call with {bytes} bytes of dead letters"));
        }
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

    pub(super) async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        for change in changes {
            effects::record_requested_delay(self.world, &change.receipt_handle, change.seconds.into());
        }
        self.call_batch("change visibility", changes, |change| {
            let delay = Duration::from_secs(change.seconds.into());
            effects::set_visibility(self.world, self.pipeline, &change.receipt_handle, delay)
        })
        .await
    }

    pub(super) async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.call_batch("delete", receipt_handles, |receipt| {
            let task = self.world.schedule.running();
            self.world.delete(task, self.pipeline, receipt);
            Ok(())
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
