//! order-api: validates orders and sends them to the queue.
//!
//! `rest-function` decodes the proxy event, reads the JSON document and builds the answer. In between, `route` finds the resource,
//! and `handler` decides. AWS is reached only through the [`ports`]; `adapters` implement them.
//!
//! **Invariant:** accepting an order needs the queue alone: no failure of a table prevents it. An order that is answered with
//! 202 was sent to the queue, or is stored. While the table of claims answers, all answers of 202 under one key are the same. No log
//! holds a body, an email address or a name.

#[cfg(feature = "aws")]
pub mod adapters;
mod caller;
pub mod config;
mod cursor;
mod handler;
mod key_rule;
mod list_query;
mod message_group;
mod openapi;
pub mod ports;
mod problem;
mod route;
#[cfg(feature = "aws")]
mod run;
mod version;

pub use config::{Config, Settings};
pub use handler::OrderApi;
pub use key_rule::{KeyRule, KeyRuleError};
pub use message_group::{MessageGroups, MessageGroupsError};
pub use rest_function::{AllowedOrigins, AllowedOriginsError};
#[cfg(feature = "aws")]
pub use run::run;
