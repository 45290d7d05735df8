//! Lambda: the processes of both functions, their invocations, and the event source mappings.

mod event;
mod event_source;
pub(crate) mod functions;
mod process;
