//! A book in an answer.

use rest_function::Response;
use serde::Serialize;
use timestamp::Timestamp;

use crate::book::{Author, Cover, Stock, StoredBook, Title};
use crate::isbn::Isbn;
use crate::problem::ErrorResponse;

/// The JSON form of a book.
#[derive(Serialize)]
pub(super) struct BookDocument<'a> {
    isbn: &'a Isbn,
    title: &'a Title,
    authors: &'a [Author],
    price: String,
    currency: &'static str,
    stock: Stock,
    cover: Cover,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> From<&'a StoredBook> for BookDocument<'a> {
    fn from(stored: &'a StoredBook) -> Self {
        let book = &stored.book;
        Self {
            isbn: &book.isbn,
            title: &book.title,
            authors: &book.authors,
            price: book.price.decimal(),
            currency: book.price.currency().code(),
            stock: book.stock,
            cover: stored.cover,
            version: stored.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// The answer that shows a book.
pub(super) fn shown(status: u16, stored: &StoredBook) -> Result<Response, ErrorResponse> {
    Ok(Response::json(status, &BookDocument::from(stored))?.about(&stored.book.isbn))
}
