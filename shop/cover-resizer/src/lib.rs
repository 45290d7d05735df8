//! Covers of books: a picture that somebody uploaded becomes upright pictures of three widths, without its metadata.
//!
//! [`resize`] does all of it. A picture is refused with a [`Refusal`] before its pixels are decoded where its head says enough:
//! its format, its size, and the memory that it needs. `geometry` says which sizes come out. Invariants: memory is bounded by
//! [`limits`], and no input makes it panic.
//!
//! Imports no other crate of the workspace.

pub mod geometry;
pub mod limits;
mod refusal;
mod resize;
#[cfg(test)]
mod tests;

pub use refusal::Refusal;
pub use resize::{Cover, resize};
