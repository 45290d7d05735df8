//! The entries of a journal.

use order_core::{OrderId, Timestamp};
use order_worker::classification::code;
use serde::{Deserialize, Serialize};

/// The version of the journal format.
pub(crate) const VERSION: u32 = 2;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A run begins. The following entries, up to the next run, belong to it.
    Run {
        /// The [`VERSION`] of the entries.
        version: u32,
        /// The run's name. It is part of the keys and notes of its orders.
        run: String,
        /// When the run began.
        started_at: Timestamp,
        /// The queue that receives a copy of every event.
        audit: AuditQueue,
    },
    /// The API accepted an order (status 202).
    Accepted {
        /// The order's id in the API's answer.
        order_id: String,
        /// The idempotency key. It is also the order's note, so that a row can be found without the order's id.
        key: String,
        /// The order's fingerprint, computed by this program and not by the system.
        fingerprint: String,
        /// The time of acceptance in the API's answer.
        accepted_at: Timestamp,
    },
    /// A poison message was sent to the queue of orders. It must become a dead letter.
    Poison {
        /// Which kind it is.
        poison: Poison,
        /// The body of the message.
        body: String,
    },
}

/// A kind of poison message. Each must become a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Poison {
    /// It is not JSON.
    Malformed,
    /// Its schema version does not exist.
    UnknownVersion,
    /// It carries another order under the id of a stored order.
    Conflict,
}

impl Poison {
    /// The `error_code` that its dead letter must carry.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Malformed => code::MALFORMED,
            Self::UnknownVersion => code::UNKNOWN_VERSION,
            Self::Conflict => code::CONFLICT,
        }
    }
}

/// A queue that is subscribed to the topic of order events, with raw message delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AuditQueue {
    /// The queue's name.
    pub(crate) name: String,
    /// The ARN of the subscription.
    pub(crate) subscription_arn: String,
}

impl Entry {
    /// The entry of an accepted order.
    pub(crate) fn accepted(order_id: OrderId, key: &str, fingerprint: &str, accepted_at: Timestamp) -> Self {
        Self::Accepted {
            order_id: order_id.to_string(),
            key: key.to_owned(),
            fingerprint: fingerprint.to_owned(),
            accepted_at,
        }
    }
}
