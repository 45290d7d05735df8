//! Writes the documents of this crate.

use serde::Serialize;

/// Writes a document of this crate.
pub(crate) fn write(document: &impl Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "serde_json fails only at a name that is no text, and where a value's own Serialize fails; no document of this crate has either"
    )]
    serde_json::to_string(document).expect("a document of this crate can be written")
}
