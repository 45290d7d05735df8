//! The rules, each checked at the step that can break it.

mod cancellation;
pub(crate) mod dead_letters;
pub(crate) mod deletion;
mod email_contents;
pub(crate) mod emails;
pub(crate) mod erasure;
pub(crate) mod failed_orders;
pub(crate) mod idle;
mod marks;
pub(crate) mod outage;
pub(crate) mod replay;
pub(crate) mod response;
