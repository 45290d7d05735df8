//! A book of the catalogue.

mod parse;
mod text;

use order_core::Money;
use serde::Serialize;
use timestamp::Timestamp;

use crate::isbn::Isbn;

pub use book_cover::{Cover, Pictures, RefusalReason};
pub use text::{Author, Title};

/// The most bytes of a book in a request.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The most authors of a book.
pub const MAX_AUTHORS: usize = 20;

/// A book as its author of the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// The number of the edition, which is the book's identity.
    pub isbn: Isbn,
    /// The title.
    pub title: Title,
    /// The authors in the order of the title page, 1 to [`MAX_AUTHORS`].
    pub authors: Vec<Author>,
    /// The price of one copy.
    pub price: Money,
    /// How many copies there are, roughly.
    pub stock: Stock,
}

/// A hint for the reader. Nothing is reserved: the shop has no stock control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stock {
    /// Enough.
    InStock,
    /// The last copies.
    FewLeft,
    /// None now.
    SoldOut,
}

impl Stock {
    /// Every hint, as the API writes it.
    pub const ALL: [(&'static str, Self); 3] = [
        ("in_stock", Self::InStock),
        ("few_left", Self::FewLeft),
        ("sold_out", Self::SoldOut),
    ];

    /// The hint as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "in_stock",
            Self::FewLeft => "few_left",
            Self::SoldOut => "sold_out",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == text);
        found
            .map(|(_, stock)| stock)
            .ok_or("must be in_stock, few_left or sold_out")
    }
}

/// A book with what the catalogue knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBook {
    /// The book.
    pub book: Book,
    /// Its cover.
    pub cover: Cover,
    /// 1 for a new book. Each change adds 1.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl StoredBook {
    /// A new book.
    #[must_use]
    pub fn new(book: Book, now: Timestamp) -> Self {
        Self {
            book,
            cover: Cover::None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The book after a change. Its cover stays.
    #[must_use]
    pub fn changed(&self, book: Book, now: Timestamp) -> Self {
        Self {
            book,
            cover: self.cover.clone(),
            version: self.version.saturating_add(1),
            created_at: self.created_at,
            updated_at: now,
        }
    }
}
