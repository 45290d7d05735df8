//! Least privilege, tested from both sides: with all statements of `template.yaml` every flow works and no call is denied,
//! and without any one of them a call is denied.
//!
//! Each system runs inside the test, so that the test can read the denials. The functions are real processes.

#![expect(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, with a line number"
)]

mod flows;
mod order_worker;
mod shop;
mod statements;
mod system;
mod template;
