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
    cover: CoverDocument,
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
            cover: CoverDocument::of(stored),
            version: stored.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// The JSON form of a cover.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum CoverDocument {
    None,
    Ready {
        width: u32,
        height: u32,
        pictures: Vec<PictureDocument>,
    },
    Refused {
        reason: &'static str,
    },
}

/// The JSON form of a picture.
#[derive(Serialize)]
struct PictureDocument {
    width: u32,
    path: String,
}

impl CoverDocument {
    fn of(stored: &StoredBook) -> Self {
        match &stored.cover {
            Cover::None => Self::None,
            Cover::Refused(refusal) => Self::Refused {
                reason: refusal.code(),
            },
            Cover::Ready(pictures) => Self::Ready {
                width: pictures.width,
                height: pictures.height,
                pictures: pictures
                    .paths(stored.book.isbn.as_str())
                    .map(|(width, path)| PictureDocument { width, path })
                    .collect(),
            },
        }
    }
}

/// The answer that shows a book.
pub(super) fn shown(status: u16, stored: &StoredBook) -> Result<Response, ErrorResponse> {
    Ok(Response::json(status, &BookDocument::from(stored))?.about(&stored.book.isbn))
}
