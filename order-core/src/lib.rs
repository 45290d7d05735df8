//! The domain of orders: parsing, identity, fingerprint, and the forms in which an order leaves a service.
//!
//! **Invariant:** nothing here does I/O, reads a clock, names an AWS SDK, HTTP or the table. An order is made by a parser only,
//! which reports every violation at once. A new order passes today's rules (`accept`). One that is read back passed the rules of
//! its time, and is checked for its structure only (`restore`).
//!
//! An order passes through the modules in this order: [`json_document`] refuses bytes that are not one JSON document, [`order`] parses
//! the document ([`batch`] parses many orders of one document), [`id`] and [`fingerprint`] identify the order, [`message`]
//! carries it over the queue, and [`event`] announces that it is stored, or cancelled. A [`trace`] accompanies it.

pub mod batch;
mod caller;
pub mod currency;
pub mod event;
pub mod fields;
pub mod fingerprint;
pub mod id;
mod json;
mod key_owner;
pub mod message;
pub mod money;
pub mod order;
mod pointer;
mod tenants;
pub mod text;
pub mod trace;
pub mod violation;

pub use caller::CallerError;
pub use currency::Currency;
pub use event::{EventType, OrderCancelled, OrderConfirmed, OrderEvent};
pub use fingerprint::Fingerprint;
pub use id::{IdempotencyKey, OrderId};
pub use key_owner::{KeyOwner, KeyOwnerError, TenantName};
pub use message::{CancellationMessage, OrderMessage, QueueMessage};
pub use money::Money;
pub use order::{Customer, Item, Order};
pub use pointer::Pointer;
pub use tenants::{Tenants, TenantsError};
pub use timestamp::{Timestamp, TimestampError};
pub use trace::Trace;
pub use violation::{Location, Violation, Violations};
