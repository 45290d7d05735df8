//! Notifies the shop about the orders of a batch.

mod deliver;
mod handle;
mod read;

use std::cell::Cell;
use std::time::Duration;

use function_runtime::batch_calls::BatchCalls;
use queue_consumer::budget::Budget;
use queue_consumer::consumer::Consumer;

use crate::config::Settings;
use crate::ports::Ports;

/// The notifier. One value serves all invocations of a process, one after the other.
pub struct Notifier<P> {
    ports: P,
    settings: Settings,
    consumer: Consumer,
    /// When a confirmed subscriber was last seen, on the clock's monotonic time. Absence is not remembered: the first batch after
    /// somebody has confirmed must be sent.
    subscriber_seen: Cell<Option<Duration>>,
}

impl<P: Ports> Notifier<P> {
    /// A notifier. `seed` decides all random numbers (retry times, notification ids).
    pub fn new(ports: P, settings: Settings, seed: u64) -> Self {
        Self {
            ports,
            consumer: Consumer::new(settings.retries.clone(), seed),
            settings,
            subscriber_seen: Cell::new(None),
        }
    }

    /// Batch calls that begin while the budget allows work.
    fn calls(&self, budget: &Budget) -> BatchCalls<'_, P> {
        BatchCalls {
            clock: &self.ports,
            deadline: budget.work(),
            rng: &self.consumer.rng,
        }
    }

    /// The ports.
    #[cfg(test)]
    pub(crate) fn ports(&self) -> &P {
        &self.ports
    }
}
