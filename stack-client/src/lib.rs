//! The connection of a client to a stack, on this machine or on AWS.
//!
//! [`Connection`] finds the API, the queues, the table and the topic, and makes the clients that call them. [`Api`] calls the
//! orders API with the authorization that it asks for. [`function_logs`] reads what the functions logged, and [`Metrics`] what they
//! counted. [`problem`] formats
//! the API's error responses for people.

mod api;
mod connection;
mod failure;
pub mod function_logs;
mod logs_insights;
pub mod mailbox;
mod metrics;
pub mod problem;
pub mod queue;

pub use api::{Api, ApiAuth, ApiError};
pub use connection::{Connection, LocalControl, OperatorKey, Resource, Target};
pub use failure::{exit_code, is_unreachable};
pub use metrics::Metrics;
