//! An operator's work with dead letters: list, show, repair, replay, purge, export and import.
//!
//! These tests count dead letters and rows, so that each needs a system of its own.

mod emails;
mod files;
mod kept;
mod look;
mod repair;
mod replay;
mod setup;
mod target;
