//! `GET /books` and `GET /books/{isbn}`.

use rest_function::{Request, Response};
use serde::Serialize;

use super::document::{BookDocument, shown};
use super::{CatalogApi, failed};
use crate::book::StoredBook;
use crate::isbn::Isbn;
use crate::ports::Catalogue;
use crate::problem::{ErrorResponse, Problem, ProblemKind};
use crate::{cursor, list_query};

/// The body of a 200. Only a missing `next_cursor` marks the last page: a page may hold fewer books than `limit`.
#[derive(Serialize)]
struct BookList<'a> {
    books: Vec<BookDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<C: Catalogue> CatalogApi<C> {
    pub(super) async fn list(&self, request: &Request) -> Result<Response, ErrorResponse> {
        let search = list_query::parse(&request.query()).map_err(Problem::invalid_parameters)?;
        let page = self.catalogue.list(&search).await;
        let page = page.map_err(|error| failed(request, &error))?;
        Response::json(
            200,
            &BookList {
                books: page.books.iter().map(BookDocument::from).collect(),
                next_cursor: page.next.map(|position| cursor::encode(&search.words, &position)),
            },
        )
    }

    pub(super) async fn read(&self, request: &Request, isbn: &str) -> Result<Response, ErrorResponse> {
        shown(200, &self.stored(request, &parse_isbn(isbn)?).await?)
    }

    /// The stored book, or the problem that there is none.
    pub(super) async fn stored(&self, request: &Request, isbn: &Isbn) -> Result<StoredBook, ErrorResponse> {
        let found = self.catalogue.book(isbn).await;
        let found = found.map_err(|error| failed(request, &error))?;
        found.ok_or_else(|| {
            ErrorResponse::new(
                ProblemKind::BookNotFound,
                "the catalogue has no book with this ISBN",
            )
            .about(isbn)
        })
    }
}

/// Reads the ISBN of a path, in which a space is encoded. A text that is none names no book.
pub(super) fn parse_isbn(text: &str) -> Result<Isbn, ErrorResponse> {
    text.replace("%20", " ")
        .parse::<Isbn>()
        .map_err(|error| ErrorResponse::new(ProblemKind::NotFound, format!("the ISBN in the path {error}")))
}
