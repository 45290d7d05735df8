//! Lambda on one machine: functions are child processes that use the real Runtime API, or threads of this program.
//!
//! A [`Function`] owns its processes and limits its concurrency. Each process has its own `runtime_api` listener, and the
//! address of the listener identifies the process. Invariants: a process has one invocation at a time, and when a function is
//! stopped or dropped none of its processes stays behind.
//!
//! Imports `cloud-billing`, `cloud-cloudwatch`, `cloud-faults` and `cloud-http` of the workspace.

mod credentials;
mod environment;
mod error;
mod function;
mod idle;
mod invocation;
mod launcher;
mod lifetime;
mod log_file;
mod logs;
mod metrics;
mod process;
mod restart;
mod runtime_api;
mod settings;
mod task;

pub use cloud_billing::logs::SystemLogLevel;
pub use credentials::Credentials;
pub use error::InvokeError;
pub use function::{Function, FunctionCondition, FunctionMonitor};
pub use invocation::MAX_PAYLOAD_BYTES;
pub use launcher::{Command, Launcher, Program};
pub use lifetime::ProcessLifetime;
pub use logs::LogSink;
pub use settings::FunctionSettings;
pub use task::{AwsService, Task, TaskContext, TaskError, TaskInvocation};
