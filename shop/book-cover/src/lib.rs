//! The cover of a book: what cover-resizer writes and catalog-api reads.
//!
//! [`Cover`] has the text of the table and the paths of the pictures, [`RefusalReason`] the reasons for which an upload is no cover.
//! No I/O.
//!
//! Imports no other crate of the workspace.

mod cover;
mod refusal;

pub use cover::{Cover, Pictures, WIDTHS, folder, key, picture_id};
pub use refusal::RefusalReason;

/// The largest upload in bytes.
pub const MAX_BYTES: u32 = 20 * 1024 * 1024;
