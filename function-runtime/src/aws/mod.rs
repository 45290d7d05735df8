//! AWS and the machine: the SDK's set-up and errors, the clock, Lambda's runtime.

mod call_error;
mod call_limits;
mod connections;
mod host;
mod http_client;
mod lambda_host;
mod system_clock;
mod trace_header;

pub use call_error::{call_error, unsendable};
pub use call_limits::CallLimits;
pub use connections::{Connecting, open_connections};
pub use host::{Host, Invocation};
pub use lambda_host::LambdaHost;
pub use system_clock::{HasSystemClock, SystemClock};
pub use trace_header::set_trace;
