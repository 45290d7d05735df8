//! The port of the handler. Tests put faults behind it.

use crate::book::StoredBook;
use crate::isbn::Isbn;

/// The table of books, and the pictures of their covers.
pub trait Catalogue: Send + Sync {
    /// The book, by a consistent read. `None` if there is none.
    fn book(&self, isbn: &Isbn) -> impl Future<Output = Result<Option<StoredBook>, CatalogueError>> + Send;

    /// Stores a new book, unless there is one with its ISBN.
    fn insert(&self, book: &StoredBook) -> impl Future<Output = Result<Write, CatalogueError>> + Send;

    /// Stores the book, if the stored version is the one before it.
    fn replace(&self, book: &StoredBook) -> impl Future<Output = Result<Write, CatalogueError>> + Send;

    /// Removes the book, if it has this version.
    fn remove(&self, isbn: &Isbn, version: u64)
    -> impl Future<Output = Result<Write, CatalogueError>> + Send;

    /// Removes pictures by their keys. One that is not there is removed already.
    fn remove_pictures(&self, keys: Vec<String>) -> impl Future<Output = Result<(), CatalogueError>> + Send;

    /// Books in the order of their titles, after a position. The list follows the table with a short delay.
    fn list(&self, search: &Search) -> impl Future<Output = Result<Page, CatalogueError>> + Send;
}

/// The effect of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The row is as it was asked for.
    Done,
    /// The stored row is another one than the write expected. A write whose answer was lost, and which the SDK sent again, ends
    /// like this too.
    ConditionFailed,
}

/// Which books to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Words in lowercase. A listed book has each of them in its title, its authors or its ISBN.
    pub words: Vec<String>,
    /// The most books of a page.
    pub limit: u16,
    /// The position after which the page begins.
    pub after: Option<Position>,
}

/// A position between two books: the sort key of the book before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(pub String);

/// Some books, by title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The books. There may be fewer than `limit`, even none, if the table ended its answer early.
    pub books: Vec<StoredBook>,
    /// Where the next page starts. `None` after the last page.
    pub next: Option<Position>,
}

/// The table did not answer as it should. For the log; no client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The call failed. The same call may succeed later.
    #[error("the table did not answer: {0}")]
    Unavailable(String),
    /// The pictures were not removed. Holds the reason.
    #[error("pictures were not removed: {0}")]
    PicturesStay(String),
    /// The row exists, and this version of the code cannot read the attribute.
    #[error("the attribute {0} of a row cannot be read")]
    Unreadable(&'static str),
}
