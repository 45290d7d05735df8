//! The parts that all services of the local AWS share: account, ARNs, clock, activity, timestamps, and the two wire protocols.
//!
//! The Query protocol is read by [`Form`] and answered by [`query`] with [`Xml`]; the JSON protocols are answered by
//! [`json`]. Nothing here knows a service, and nothing here keeps state but the clock and the activity.
//!
//! Imports no other crate of the workspace.

mod account;
mod activity;
mod clock;
mod form;
pub mod json;
mod members;
pub mod query;
mod timestamp;
mod xml;

pub use account::{ACCOUNT, REGION, arn};
pub use activity::Activity;
pub use clock::Clock;
pub use form::Form;
pub use members::Members;
pub use timestamp::iso8601;
pub use xml::Xml;
