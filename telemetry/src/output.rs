//! The destination of the lines of a function that runs inside another program.

use std::sync::Arc;

/// Takes a function's lines, each without its end.
pub type Output = Arc<dyn Fn(&[u8]) + Send + Sync>;
