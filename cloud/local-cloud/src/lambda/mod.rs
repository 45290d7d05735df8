//! Lambda on one machine: functions as child processes over the real Runtime API, and queues that invoke them.
//!
//! A [`Function`] owns its processes and its concurrency; a process talks to a `runtime_api` listener of its own,
//! whose address is what identifies it; an event source polls a queue and judges the function's answer.

mod credentials;
mod environment;
mod error;
pub(crate) mod event_source;
mod function;
mod idle;
mod invocation;
mod launcher;
mod logs;
mod process;
mod restart;
mod runtime_api;

pub use credentials::Credentials;
pub use error::InvokeError;
pub use function::{Function, FunctionSettings};
pub use launcher::{Command, Launcher};
pub use logs::LogSink;
