//! The system on this machine: the commands that hold state or run the services.

pub(crate) mod dynamodb;
pub(crate) mod service;
mod task_host;
mod task_http;
mod tasks;
pub(crate) mod up;
