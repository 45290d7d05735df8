//! Deliveries to HTTP and HTTPS endpoints, which are made after the publish and repeated until they succeed.
//!
//! `delivery` holds the rows of what is to be sent, `request` sends one of them, `runner` sends all that are due, and
//! `confirmation` builds the messages that ask a subscriber to confirm. Invariant: a delivery is in the store until its endpoint
//! has taken it, or its retries are used up and it is in the dead-letter queue.
//!
//! Source: SNS Developer Guide, "Fanout to HTTP/S endpoints"; the headers were recorded on AWS.

mod confirmation;
mod delivery;
mod request;
mod runner;

pub(crate) use confirmation::Confirmation;
pub(crate) use delivery::Delivery;
pub(crate) use runner::run;
