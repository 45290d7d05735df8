//! The ports of the handler. Tests put faults behind them.

use book_cover::RefusalReason;
use function_runtime::CallError;

pub use crate::upload::Upload;

use crate::sequencer::Sequencer;

/// The content of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The file.
    File(Vec<u8>),
    /// The file has more bytes than [`MAX_BYTES`](cover_pictures::limits::MAX_BYTES), and was not read.
    TooLarge,
    /// A later upload has replaced it, whose event comes too.
    Replaced,
}

/// The outcome of an upload, as the book shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The pictures are there. The size of the largest one in pixels.
    Ready {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The upload is no cover.
    Refused(RefusalReason),
}

/// The effect of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// The book has the outcome.
    Done,
    /// The book had the outcome of this upload or of a later one, which has this place.
    Known(Sequencer),
    /// There is no such book.
    NoBook,
}

/// The buckets and the table.
pub trait Ports: Send + Sync {
    /// Reads an upload, if it is still the one that the event is about.
    fn read(&self, upload: &Upload) -> impl Future<Output = Result<Content, CallError>> + Send;

    /// Writes a picture that never changes under its key.
    fn write(&self, key: &str, jpeg: Vec<u8>) -> impl Future<Output = Result<(), CallError>> + Send;

    /// The keys of all pictures of a book, or a thousand of them.
    fn pictures(&self, isbn: &str) -> impl Future<Output = Result<Vec<String>, CallError>> + Send;

    /// Removes pictures. One that is not there is removed already.
    fn remove(&self, keys: Vec<String>) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Records the outcome on the book, unless the book has one of this upload or of a later one.
    fn record(
        &self,
        isbn: &str,
        sequencer: &Sequencer,
        outcome: Outcome,
    ) -> impl Future<Output = Result<Recorded, CallError>> + Send;
}
