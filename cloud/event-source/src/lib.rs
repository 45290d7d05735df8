//! Lambda's event source mappings: queues that invoke functions.
//!
//! An [`EventSource`] receives from a queue with the permissions of the function's role, gathers batches, invokes the function
//! and deletes the messages that the answer reports as done. Invariants: a message that failed, or whose answer is not valid,
//! keeps its visibility timeout, and a stop waits for the running invocations.
//!
//! Imports `cloud-billing`, `cloud-faults`, `cloud-iam`, `cloud-lambda` and `cloud-sqs` of the workspace. It is a crate of its own so that
//! `cloud-lambda` and `cloud-api-gateway` need no queues.

mod batch;
mod poller;
mod record;
mod report;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use poller::EventSource;
pub use settings::EventSourceSettings;
