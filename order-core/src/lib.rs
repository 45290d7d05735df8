//! The domain of orders: what an order is, how it is checked, identified, fingerprinted and carried.
//!
//! **Invariant:** nothing here does I/O, reads a clock or names an AWS SDK. Every type that exists is valid: the only
//! ways in are parsers that report all that is wrong.
//!
//! An order's way through the modules: [`json`] refuses what is not one JSON document, [`order`] parses it
//! ([`bulk`] many of them),
//! [`id`] and [`fingerprint`] name it, [`message`] carries it over the queue, [`row`] lays it into the table and
//! [`event`] announces it. [`problem`] is what a client is told when something is wrong.

pub mod bulk;
pub mod event;
mod fields;
pub mod fingerprint;
pub mod id;
pub mod json;
pub mod message;
pub mod money;
pub mod order;
pub mod problem;
pub mod row;
pub mod text;
pub mod timestamp;
pub mod violation;

pub use event::OrderConfirmed;
pub use fingerprint::Fingerprint;
pub use id::{IdempotencyKey, OrderId};
pub use message::OrderMessage;
pub use money::{Currency, Money};
pub use order::{Customer, Item, Order};
pub use row::{OrderRow, OrderStatus};
pub use timestamp::Timestamp;
pub use violation::{Location, Violation, Violations};
