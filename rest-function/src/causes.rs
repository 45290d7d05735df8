//! The text of an SDK error for the log.

use std::error::Error;

/// Formats an SDK error and its causes in one line. `Debug` would print whole responses, and with them rows.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
