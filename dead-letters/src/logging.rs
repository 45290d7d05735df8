//! The structured log of these commands.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Writes audit lines as JSON to standard error, where a log collector reads them. On a terminal only errors are written.
/// `RUST_LOG` replaces both choices.
pub fn start() {
    let default = if std::io::stderr().is_terminal() {
        "error"
    } else {
        "error,audit=info"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A program that already has a subscriber keeps it.
    let _ = subscriber.try_init();
}
