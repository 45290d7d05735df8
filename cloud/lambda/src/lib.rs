//! Lambda on one machine: functions as child processes over the real Runtime API.
//!
//! A [`Function`] owns its processes and its concurrency; a process talks to a `runtime_api` listener of its own,
//! whose address is what identifies it. Invariants: a process has one invocation at a time, and when a function is
//! stopped or dropped none of its processes stays behind.
//!
//! Imports `cloud-faults` of the workspace.

mod credentials;
mod environment;
mod error;
mod function;
mod idle;
mod invocation;
mod launcher;
mod logs;
mod process;
mod restart;
mod runtime_api;
mod settings;

pub use credentials::Credentials;
pub use error::InvokeError;
pub use function::Function;
pub use idle::ProcessLifetime;
pub use invocation::MAX_PAYLOAD_BYTES;
pub use launcher::{Command, Launcher};
pub use logs::LogSink;
pub use settings::FunctionSettings;
