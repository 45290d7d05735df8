//! The connection of a client to a stack, on this machine or on AWS.

mod api;
mod connection;
pub mod problem;
pub mod queue;

pub use api::{Api, ApiAuth, ApiError};
pub use connection::{Connection, Resource, Target};
