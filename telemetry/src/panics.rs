//! Panics: each is logged and counted, whether it is caught or not.

use std::panic::PanicHookInfo;
use std::sync::Once;

use crate::metrics::{self, Count};

/// Takes the place of the default hook, which prints the panic's message: that may quote an order.
pub(crate) fn log_and_count() {
    std::panic::set_hook(Box::new(log_and_count_one));
}

/// The same for the threads of functions that run inside this program. Other threads keep the hook that the program has.
pub(crate) fn log_and_count_hosted() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if metrics::is_hosted() {
                log_and_count_one(panic);
            } else {
                others(panic);
            }
        }));
    });
}

fn log_and_count_one(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, "panicked");
    metrics::count(Count::Panics, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_is_caught_is_counted() {
        let lines = metrics::tests::lines_of(|| {
            log_and_count();
            let panicked = std::panic::catch_unwind(|| panic!("personal data"));
            assert!(panicked.is_err());
        });
        assert_eq!(lines[0]["Panics"], 1);
    }
}
