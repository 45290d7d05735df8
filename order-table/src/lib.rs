//! The tables of orders and of claims: the names of their attributes, their rows, and the conversion to DynamoDB's attribute values.
//!
//! order-worker writes rows and marks them as cancelled, notifier marks them as notified, order-api and orderctl read them. order-api writes claims, and
//! order-worker the marks of dead letters beside them. orderctl replaces the row of an order that an operator erases by a tombstone. All of them
//! use this crate, so that each table has one layout.
//!
//! **Invariant:** a row of every version that was ever written stays readable: rows outlive the code that wrote them.
//!
//! The feature `aws` adds `attribute_value`, which names the SDK. Nothing here does I/O.

#[cfg(feature = "aws")]
pub mod attribute_value;
mod attributes;
mod claim;
mod failed;
mod layout;
mod retention;
mod row;
mod tombstone;

pub use attributes::{Attributes, RowError, parsed, text};
pub use claim::Claim;
pub use failed::FailedOrder;
pub use layout::attribute;
pub use retention::{Retention, RetentionError};
pub use row::{Cancellation, Notification, OrderRow, OrderStatus};
pub use tombstone::{Stored, Tombstone};
