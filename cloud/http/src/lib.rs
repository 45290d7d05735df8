//! The only way in which the local AWS listens.
//!
//! [`Listener::bind`] opens a loopback port and [`serve`] puts `guard` in front of the router. A [`Listener`] can be used
//! for nothing else, so no port of this program can be without the guard. The test `every_listener_is_behind_the_guard`
//! fails when a program of the workspace listens in another way.
//!
//! Imports no other crate of the workspace.

mod guard;
mod header_case;
mod listener;
mod origins;
mod server;

pub use axum::Router;
pub use guard::refusal;
pub use header_case::{HeaderCaseError, spelled_headers};
pub use listener::Listener;
pub use origins::Origins;
pub use server::{refuse_foreign_pages, serve};

#[cfg(test)]
mod tests;
