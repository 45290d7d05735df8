//! A standard queue: at-least-once delivery in any order, visibility timeout, and redrive to a dead-letter queue.

use std::collections::BTreeMap;
use std::time::Duration;

use order_core::Timestamp;

use crate::rng::Rng;
use crate::schedule::Schedule;

/// Message attributes: data type and text, by name. The services' own tests cover binary values.
pub(crate) type Attributes = BTreeMap<String, (String, String)>;

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// The id of the message that this one is a dead letter or a replay of, or its own id.
    pub(crate) origin: String,
    /// The id of the first of its copies. A service sends a message that failed again, as a copy with an id of its own.
    pub(crate) first: String,
    pub(crate) sent_at: Duration,
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
    pub(crate) first: String,
    pub(crate) sent_at: Duration,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    pub(crate) receives: u32,
    /// Whether the body is of version 2, and stands here as its receiver reads it.
    pub(crate) is_of_version_2: bool,
}

impl Message {
    /// Counts a receive, and returns the message with a new receipt handle.
    fn deliver(&mut self, index: u64) -> Delivery {
        self.receives += 1;
        Delivery {
            id: self.id.clone(),
            origin: self.origin.clone(),
            first: self.first.clone(),
            sent_at: self.sent_at,
            receipt: format!("{index}/{}", self.receives),
            body: self.body.clone(),
            attributes: self.attributes.clone(),
            receives: self.receives,
            is_of_version_2: false,
        }
    }
}

impl Delivery {
    /// Reads the text of an attribute.
    fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(|(_, text)| text.as_str())
    }

    /// How often the message and its earlier copies were received.
    pub(crate) fn all_receives(&self) -> u32 {
        let earlier = self
            .text("retry_receives")
            .and_then(|count| count.parse::<u32>().ok());
        earlier.unwrap_or(0) + self.receives
    }

    /// When the first copy was sent.
    pub(crate) fn first_sent_at(&self) -> Timestamp {
        let first = self.text("retry_first_sent_at").and_then(|at| at.parse().ok());
        first.unwrap_or_else(|| Timestamp::new(Schedule::date(self.sent_at)))
    }

    /// The number of attributes that the sender gave it.
    pub(crate) fn own_attributes(&self) -> usize {
        let names = self.attributes.keys();
        names.filter(|name| name.starts_with("trace")).count()
    }
}

/// The settings of one receive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveSettings {
    pub(crate) max_messages: usize,
    pub(crate) visibility: Duration,
    pub(crate) max_receives: u32,
    /// With so many messages in flight, the queue gives no more.
    pub(crate) max_in_flight: usize,
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
        // A message that is delayed was never received, and is not in flight.
        let in_flight = self.messages.values();
        let in_flight = in_flight.filter(|message| message.receives > 0 && message.visible_at > now);
        let room = settings.max_in_flight.saturating_sub(in_flight.count());
        let max_messages = settings.max_messages.min(room);
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
            if delivered.len() >= max_messages {
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
                if delivered.len() < max_messages && message.receives < settings.max_receives {
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

    fn message(number: u64, visible_at: Duration) -> Message {
        let id = format!("m{number}");
        Message {
            origin: id.clone(),
            first: id.clone(),
            sent_at: Duration::ZERO,
            id,
            body: String::new(),
            attributes: Attributes::new(),
            visible_at,
            receives: 0,
        }
    }

    #[test]
    fn a_message_may_come_twice_in_one_batch() {
        let mut queue = Queue::default();
        for number in 0..20 {
            queue.push(message(number, Duration::ZERO));
        }
        let settings = ReceiveSettings {
            max_messages: 40,
            visibility: Duration::from_secs(30),
            max_receives: 3,
            max_in_flight: 120_000,
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

    #[test]
    fn a_queue_with_too_many_messages_in_flight_gives_no_more_but_delayed_ones_do_not_count() {
        let mut queue = Queue::default();
        for number in 0..6_u64 {
            queue.push(message(
                number,
                Duration::from_secs(if number < 2 { 60 } else { 0 }),
            ));
        }
        let settings = ReceiveSettings {
            max_messages: 10,
            visibility: Duration::from_secs(30),
            max_receives: 3,
            max_in_flight: 3,
            in_order: true,
            duplicates: 0,
        };
        let mut rng = Rng::from_seed(1);
        let mut receive = |now| {
            queue
                .receive(Duration::from_secs(now), settings, &mut rng)
                .0
                .len()
        };
        assert_eq!((receive(0), receive(1), receive(31)), (3, 0, 3));
    }
}
