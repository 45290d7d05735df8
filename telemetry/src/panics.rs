//! Panics: each is logged and counted, whether it is caught or not.

use crate::metrics::{self, Count};

/// Takes the place of the default hook, which prints the panic's message: that may quote an order.
pub(crate) fn log_and_count() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
        metrics::count(Count::Panics, 1);
    }));
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
