//! Queues that invoke functions: Lambda's event source mappings.

mod batch;
mod poller;
mod record;
mod report;
mod source;

pub(crate) use poller::EventSource;

#[cfg(test)]
mod tests;
