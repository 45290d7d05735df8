//! Least privilege, shown from both sides: with all statements of `template.yaml` every flow works and nothing is
//! refused, and without any one of them something is.
//!
//! Systems run inside the test, so that it can read what was refused; their functions are the real processes.

#![expect(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with a line number"
)]

mod flows;
mod order_worker;
mod statements;
mod system;
mod template;
