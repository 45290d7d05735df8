//! The journal of a load: what was accepted, as the client that was told so remembers it.
//!
//! JSON Lines. A line is on the disk before what it says counts: whoever compares the journal with the system later
//! compares with everything that was promised. One file may hold several runs, one after the other.

mod reader;
mod writer;

use order_core::{OrderId, Timestamp};
use order_worker::judgement::code;
use serde::{Deserialize, Serialize};

pub(crate) use reader::{Acceptance, Journal};
pub(crate) use writer::Writer;

/// The version of the lines that are written.
pub(crate) const VERSION: u32 = 2;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A run begins; the lines up to the next such line are its.
    Run {
        /// [`VERSION`] of these lines.
        version: u32,
        /// The run's name; the customers, keys and notes of its orders hold it.
        run: String,
        /// When it began.
        started_at: Timestamp,
        /// The queue that gets a copy of every event.
        audit: AuditQueue,
    },
    /// An order was answered with 202.
    Accepted {
        /// The order's id, as answered.
        order_id: String,
        /// The idempotency key, which is also the order's note: by it a row is found whatever its id.
        key: String,
        /// The order's fingerprint, computed here and not by the system.
        fingerprint: String,
        /// When the API accepted it, as answered.
        accepted_at: Timestamp,
    },
    /// A message that must end in the dead-letter queue was put on the queue of orders.
    Poison {
        /// Why it must end there.
        poison: Poison,
        /// The message as it was sent.
        body: String,
    },
}

/// A kind of message that must end in the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Poison {
    /// No JSON.
    Malformed,
    /// A version of the message that is not there yet.
    UnknownVersion,
    /// Another order under the id of an order that is stored.
    Conflict,
}

impl Poison {
    /// The code that its dead letter must carry.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Malformed => code::MALFORMED,
            Self::UnknownVersion => code::UNKNOWN_VERSION,
            Self::Conflict => code::CONFLICT,
        }
    }
}

/// A queue that is subscribed, raw, to the topic of order events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AuditQueue {
    /// The queue's name.
    pub(crate) name: String,
    /// The subscription.
    pub(crate) subscription_arn: String,
}

impl Entry {
    /// The line of an order that was accepted.
    pub(crate) fn accepted(order_id: OrderId, key: &str, fingerprint: &str, accepted_at: Timestamp) -> Self {
        Self::Accepted {
            order_id: order_id.to_string(),
            key: key.to_owned(),
            fingerprint: fingerprint.to_owned(),
            accepted_at,
        }
    }
}
