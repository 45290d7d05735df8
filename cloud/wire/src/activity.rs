//! A number that grows whenever something happens.

use tokio::sync::watch;

/// A number that grows whenever a call changes something or a message passes through a queue. Cloning it is cheap.
///
/// A reader of a status learns from it whether there is anything new, and waits for that without a timer.
#[derive(Clone, Debug, Default)]
pub struct Activity(watch::Sender<u64>);

impl Activity {
    /// Says that something happened.
    pub fn note(&self) {
        self.0.send_modify(|number| *number = number.wrapping_add(1));
    }

    /// The number, and the wait for its next change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watcher_is_woken_once_for_all_that_happened() {
        let activity = Activity::default();
        let mut watching = activity.watch();
        assert!(!watching.has_changed().unwrap());
        activity.note();
        activity.clone().note();
        watching.changed().await.unwrap();
        assert_eq!(*watching.borrow_and_update(), 2);
        assert!(!watching.has_changed().unwrap());
    }
}
