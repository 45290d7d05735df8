//! The covers of a book from a picture that somebody uploaded: upright, of three widths, without its metadata.
//!
//! `decode` reads an upload within the limits, and [`resize()`] makes the pictures, or says with a
//! [`RefusalReason`](book_cover::RefusalReason) why it is no cover. It knows nothing of AWS. It is a crate of its own so that a development
//! build can optimize it alone: unoptimized, a photo takes many seconds.
//!
//! **Invariants:** memory is bounded by [`limits`], and no upload makes it panic.

mod decode;
pub mod geometry;
pub mod limits;
mod resize;
#[cfg(test)]
mod tests;

pub use resize::{Cover, resize};
