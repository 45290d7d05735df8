//! A standard queue: at-least-once delivery in any order, visibility timeout, and redrive to a dead-letter queue.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::rng::Rng;

/// Message attributes: data type and text, by name. The services' own tests cover binary values.
pub(crate) type Attributes = BTreeMap<String, (String, String)>;

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// The id of the message that this one is a dead letter or a replay of, or its own id.
    pub(crate) origin: String,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    pub(crate) visible_at: Duration,
    pub(crate) receives: u32,
}

/// How many of the duplicate deliveries are in one batch, in percent.
const DUPLICATES_IN_ONE_BATCH: u32 = 30;

/// A message as one receive returns it.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) origin: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    pub(crate) receives: u32,
}

impl Message {
    /// Counts a receive, and returns the message with a new receipt handle.
    fn deliver(&mut self, index: u64) -> Delivery {
        self.receives += 1;
        Delivery {
            id: self.id.clone(),
            origin: self.origin.clone(),
            receipt: format!("{index}/{}", self.receives),
            body: self.body.clone(),
            attributes: self.attributes.clone(),
            receives: self.receives,
        }
    }
}

/// The settings of one receive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveSettings {
    pub(crate) max_messages: usize,
    pub(crate) visibility: Duration,
    pub(crate) max_receives: u32,
    pub(crate) in_order: bool,
    /// How many messages are delivered twice, in percent.
    pub(crate) duplicates: u32,
}

/// The messages of a queue, in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) messages: BTreeMap<u64, Message>,
    arrivals: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, message: Message) {
        self.messages.insert(self.arrivals, message);
        self.arrivals += 1;
    }

    /// The earliest time at which a message is visible.
    pub(crate) fn next_visible(&self) -> Option<Duration> {
        self.messages.values().map(|message| message.visible_at).min()
    }

    /// Receives visible messages. Returns the deliveries, and the messages that have no receive left: those are removed,
    /// and the caller moves them to the dead-letter queue.
    pub(crate) fn receive(
        &mut self,
        now: Duration,
        settings: ReceiveSettings,
        rng: &mut Rng,
    ) -> (Vec<Delivery>, Vec<Message>) {
        let mut visible: Vec<u64> = self
            .messages
            .iter()
            .filter(|(_, message)| message.visible_at <= now)
            .map(|(index, _)| *index)
            .collect();
        if !settings.in_order {
            rng.shuffle(&mut visible);
        }
        let mut delivered = Vec::new();
        let mut redriven = Vec::new();
        for index in visible {
            if delivered.len() == settings.max_messages {
                break;
            }
            let Some(message) = self.messages.get_mut(&index) else {
                continue;
            };
            if message.receives >= settings.max_receives {
                redriven.extend(self.messages.remove(&index));
                continue;
            }
            let is_doubled = rng.happens_percent(settings.duplicates);
            delivered.push(message.deliver(index));
            message.visible_at = now + settings.visibility;
            // The duplicate is in this batch, or another receiver gets it soon.
            if is_doubled && rng.happens_percent(DUPLICATES_IN_ONE_BATCH) {
                if delivered.len() < settings.max_messages && message.receives < settings.max_receives {
                    delivered.push(message.deliver(index));
                }
            } else if is_doubled {
                message.visible_at = now + rng.draw_milliseconds(0, 2000);
            }
        }
        (delivered, redriven)
    }

    /// Finds the message of a receipt handle. A receipt handle of an older receive may or may not be valid (SQS,
    /// `DeleteMessage`).
    pub(crate) fn find(&self, receipt: &str, rng: &mut Rng) -> Option<u64> {
        let (index, receive) = receipt.split_once('/')?;
        let index = index.parse().ok()?;
        let message = self.messages.get(&index)?;
        (receive.parse() == Ok(message.receives) || rng.happens_percent(50)).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_come_twice_in_one_batch() {
        let mut queue = Queue::default();
        for number in 0..20 {
            let id = format!("m{number}");
            queue.push(Message {
                origin: id.clone(),
                id,
                body: String::new(),
                attributes: Attributes::new(),
                visible_at: Duration::ZERO,
                receives: 0,
            });
        }
        let settings = ReceiveSettings {
            max_messages: 40,
            visibility: Duration::from_secs(30),
            max_receives: 3,
            in_order: true,
            duplicates: 100,
        };
        let mut rng = Rng::from_seed(1);
        let (delivered, redriven) = queue.receive(Duration::ZERO, settings, &mut rng);
        assert!((21..40).contains(&delivered.len()) && redriven.is_empty());
        let twice: Vec<&[Delivery]> = delivered
            .windows(2)
            .filter(|pair| pair[0].id == pair[1].id)
            .collect();
        assert_eq!(twice.len(), delivered.len() - 20);
        for pair in twice {
            assert_eq!((pair[0].receives, pair[1].receives), (1, 2));
            assert_ne!(pair[0].receipt, pair[1].receipt);
            let seen = queue.messages.values().find(|message| message.id == pair[0].id);
            assert_eq!(seen.map(|message| message.visible_at), Some(settings.visibility));
        }
    }
}
