//! A line's two queues as its service sees them, and time.

use std::time::Duration;

use function_runtime::{Answers, CallError};
use order_core::Timestamp;
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::VisibilityChange;

use crate::checks::acknowledgement;
use crate::fate::Patience;
use crate::letter;
use crate::plan::Service;
use crate::queue::Attributes;
use crate::rule::Rule;
use crate::schedule::Schedule;
use crate::world::{Line, World};

/// A line's queues behind a client.
pub(crate) struct QueuePorts<'a> {
    pub(crate) world: &'a World,
    pub(crate) line: Line,
    pub(crate) patience: Patience,
}

/// The texts among a letter's attributes.
fn attributes(letter: &DeadLetter) -> Attributes {
    let text = |(name, attribute): (&String, &queue_consumer::record::Attribute)| {
        let text = attribute.as_text()?.to_owned();
        Some((name.clone(), (attribute.data_type.clone(), text)))
    };
    letter.attributes().iter().filter_map(text).collect()
}

impl QueuePorts<'_> {
    pub(crate) async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        let bytes: usize = letters.iter().map(|letter| letter.size()).sum();
        if bytes > 1024 * 1024 {
            self.world
                .breaks(Rule::Limits, format!("a burial of {bytes} bytes"));
        }
        for letter in letters {
            letter::burial_asked(self.world, &attributes(letter));
        }
        let answers = self.batch("bury", letters, |letter| {
            letter::bury(self.world, self.line, letter.body(), attributes(letter));
            Ok(())
        });
        let answers = answers.await;
        if let Ok(answers) = &answers {
            for (letter, answer) in letters.iter().zip(answers) {
                if answer.is_ok() {
                    letter::burial_seen(self.world, &attributes(letter));
                }
            }
        }
        answers
    }

    pub(crate) async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        for change in changes {
            letter::delay_asked(self.world, &change.receipt_handle, change.seconds.into());
        }
        self.batch("change visibility", changes, |change| {
            let delay = Duration::from_secs(change.seconds.into());
            letter::delay(self.world, self.line, &change.receipt_handle, delay)
        })
        .await
    }

    pub(crate) async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.batch("delete", receipt_handles, |receipt| {
            let task = self.world.schedule.running();
            acknowledgement::delete(self.world, task, self.line, receipt);
            Ok(())
        })
        .await
    }

    /// A call with entries, each of which can be refused alone.
    async fn batch<'a, T: 'a>(
        &self,
        name: &'static str,
        entries: &'a [T],
        effect: impl Fn(&'a T) -> Result<(), &'static str>,
    ) -> Answers {
        let world = self.world;
        if !(1..=10).contains(&entries.len()) {
            let count = entries.len();
            world.breaks(Rule::Limits, format!("{name} with {count} entries"));
        }
        let answers = world.call(Service::Queues, self.patience, name, || {
            let answer = |entry| {
                let refusal = world.entry_refusal();
                refusal.map_or_else(|| effect(entry), Err).map_err(CallError::new)
            };
            entries.iter().map(answer).collect()
        });
        answers.await.map_err(CallError::new)
    }
}

/// The time of day in a world.
pub(crate) fn now(world: &World) -> Timestamp {
    Timestamp::new(Schedule::date(world.schedule.now()))
}
