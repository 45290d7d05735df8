//! Notifies the shop about the orders of a batch.

mod deliver;
mod handle;
mod outcomes;
mod read;
mod summary;
mod times;

use std::sync::Mutex;
use std::time::Duration;

use function_runtime::Rng;

use crate::config::Settings;
use crate::ports::Ports;

/// The notifier. One value serves all invocations of a process, one after the other.
pub struct Notifier<P> {
    ports: P,
    settings: Settings,
    rng: Rng,
    /// When a confirmed subscriber was last seen, on the clock's monotonic time. Absence is not remembered: the first batch after
    /// somebody has confirmed must be sent.
    subscriber_seen: Mutex<Option<Duration>>,
}

impl<P: Ports> Notifier<P> {
    /// A notifier. `seed` decides all random numbers (retry times, notification ids).
    pub fn new(ports: P, settings: Settings, seed: u64) -> Self {
        Self {
            ports,
            settings,
            rng: Rng::seeded(seed),
            subscriber_seen: Mutex::new(None),
        }
    }
    /// The ports.
    #[cfg(test)]
    pub(crate) fn ports(&self) -> &P {
        &self.ports
    }
}
