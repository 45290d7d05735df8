//! What the command line's crates share with a terminal: printed output, hints and signals.

pub mod invocation;
pub mod output;
pub mod shutdown;
