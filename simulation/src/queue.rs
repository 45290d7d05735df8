//! A standard queue: at least once, in any order, hidden while it is being worked on, redriven when receives run out.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::chance::Chance;

/// Name, and type and text of a message attribute. Binary ones are left to the services' own tests.
pub(crate) type Attributes = BTreeMap<String, (String, String)>;

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// The id of the message that it is a dead letter or a replay of, or its own.
    pub(crate) origin: String,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    pub(crate) visible_at: Duration,
    pub(crate) receives: u32,
}

/// How many of the messages that are delivered twice come twice in one batch, in percent.
const TWICE_IN_A_BATCH: u32 = 30;

/// A message as one receive shows it.
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
    /// Shows it once more.
    fn show(&mut self, place: u64) -> Delivery {
        self.receives += 1;
        Delivery {
            id: self.id.clone(),
            origin: self.origin.clone(),
            receipt: format!("{place}/{}", self.receives),
            body: self.body.clone(),
            attributes: self.attributes.clone(),
            receives: self.receives,
        }
    }
}

/// How messages are received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receive {
    pub(crate) most: usize,
    pub(crate) visibility: Duration,
    pub(crate) max_receives: u32,
    pub(crate) in_order: bool,
    /// Percent of messages that are at once visible to others too.
    pub(crate) duplicates: u32,
}

/// The messages, in the order of their arrival.
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

    /// When the next message can be received.
    pub(crate) fn next_visible(&self) -> Option<Duration> {
        self.messages.values().map(|message| message.visible_at).min()
    }

    /// Shows visible messages. Those that were shown often enough are taken out instead, for the dead-letter queue.
    pub(crate) fn receive(
        &mut self,
        now: Duration,
        receive: Receive,
        chance: &mut Chance,
    ) -> (Vec<Delivery>, Vec<Message>) {
        let mut visible: Vec<u64> = self
            .messages
            .iter()
            .filter(|(_, message)| message.visible_at <= now)
            .map(|(place, _)| *place)
            .collect();
        if !receive.in_order {
            chance.shuffle(&mut visible);
        }
        let mut shown = Vec::new();
        let mut redriven = Vec::new();
        for place in visible {
            if shown.len() == receive.most {
                break;
            }
            let Some(message) = self.messages.get_mut(&place) else {
                continue;
            };
            if message.receives >= receive.max_receives {
                redriven.extend(self.messages.remove(&place));
                continue;
            }
            let is_doubled = chance.percent(receive.duplicates);
            shown.push(message.show(place));
            message.visible_at = now + receive.visibility;
            // At once: in this batch, or to another receiver.
            if is_doubled && chance.percent(TWICE_IN_A_BATCH) {
                if shown.len() < receive.most && message.receives < receive.max_receives {
                    shown.push(message.show(place));
                }
            } else if is_doubled {
                message.visible_at = now + chance.milliseconds(0, 2000);
            }
        }
        (shown, redriven)
    }

    /// The message that a receipt handle stands for. One of an older receive may or may not serve (SQS,
    /// `DeleteMessage`).
    pub(crate) fn find(&self, receipt: &str, chance: &mut Chance) -> Option<u64> {
        let (place, receive) = receipt.split_once('/')?;
        let place = place.parse().ok()?;
        let message = self.messages.get(&place)?;
        (receive.parse() == Ok(message.receives) || chance.percent(50)).then_some(place)
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
        let receive = Receive {
            most: 40,
            visibility: Duration::from_secs(30),
            max_receives: 3,
            in_order: true,
            duplicates: 100,
        };
        let mut chance = Chance::seeded(1);
        let (shown, redriven) = queue.receive(Duration::ZERO, receive, &mut chance);
        assert!((21..40).contains(&shown.len()) && redriven.is_empty());
        let twice: Vec<&[Delivery]> = shown.windows(2).filter(|pair| pair[0].id == pair[1].id).collect();
        assert_eq!(twice.len(), shown.len() - 20);
        for pair in twice {
            assert_eq!((pair[0].receives, pair[1].receives), (1, 2));
            assert_ne!(pair[0].receipt, pair[1].receipt);
            let seen = queue.messages.values().find(|message| message.id == pair[0].id);
            assert_eq!(seen.map(|message| message.visible_at), Some(receive.visibility));
        }
    }
}
