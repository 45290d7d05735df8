//! How the command-line crates talk to a terminal: printed lines, tables, hints and stop signals.
//!
//! Standard output carries what the user asked for. Standard error carries everything else.

pub mod exit;
pub mod invocation;
pub mod stdout;
pub mod stop_signal;
pub mod table;
pub mod text;
