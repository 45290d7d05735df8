//! The system on this machine: the commands that hold state or run the services.

pub(crate) mod dynamodb;
pub(crate) mod service;
pub(crate) mod up;
