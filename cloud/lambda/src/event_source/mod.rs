//! Queues that invoke functions: Lambda's event source mappings.

mod batch;
mod poller;
mod record;
mod report;
mod settings;
mod source;

pub use poller::EventSource;
pub use settings::EventSourceSettings;

#[cfg(test)]
mod tests;
