//! `POST /books`, `PUT /books/{isbn}` and `DELETE /books/{isbn}`.

use aws_lambda_events::http::header::{IF_MATCH, LOCATION};
use order_core::Violations;
use rest_function::{Body, Request, Response, conditional};

use super::document::shown;
use super::read::parse_isbn;
use super::{CatalogApi, failed};
use crate::book::{Book, Cover, MAX_BODY_BYTES, StoredBook};
use crate::isbn::Isbn;
use crate::ports::{Catalogue, Write};
use crate::problem::{ErrorResponse, Problem, ProblemKind};

impl<C: Catalogue> CatalogApi<C> {
    /// Adds a book. The ISBN is the identity, so the same request again finds the book that it added: 201 the first time, 200
    /// afterwards.
    pub(super) async fn create(&self, request: &Request) -> Result<Response, ErrorResponse> {
        let now = (self.now)();
        let body = Body::of(request, MAX_BODY_BYTES)?;
        let book = Book::accept(body.document()?, now).map_err(Problem::invalid)?;
        let location = format!("{}/{}", request.public_path(), book.isbn);
        let new = StoredBook::new(book, now);
        let written = self.catalogue.insert(&new).await;
        let (status, stored) = match written.map_err(|error| failed(request, &error))? {
            Write::Done => (201, new),
            Write::ConditionFailed => {
                let stored = self.stored(request, &new.book.isbn).await?;
                if stored.book != new.book {
                    let detail = "the catalogue has another book with this ISBN; change it with PUT";
                    return Err(ErrorResponse::new(ProblemKind::BookExists, detail).about(&new.book.isbn));
                }
                (200, stored)
            }
        };
        Ok(shown(status, &stored)?.tagged().with_header(LOCATION, location))
    }

    /// Changes the version of a book that the client has read.
    pub(super) async fn replace(&self, request: &Request, isbn: &str) -> Result<Response, ErrorResponse> {
        let isbn = parse_isbn(isbn)?;
        let now = (self.now)();
        let body = Body::of(request, MAX_BODY_BYTES)?;
        let book = Book::accept(body.document()?, now).map_err(Problem::invalid)?;
        if book.isbn != isbn {
            let mut violations = Violations::default();
            violations.push(
                "/isbn",
                "must be the ISBN in the path; another ISBN is another book",
            );
            return Err(Problem::invalid(violations).into());
        }
        let stored = self.matching(request, &isbn).await?;
        let changed = stored.changed(book, now);
        let written = self.catalogue.replace(&changed).await;
        match written.map_err(|error| failed(request, &error))? {
            Write::Done => Ok(shown(200, &changed)?.tagged()),
            Write::ConditionFailed => {
                // The SDK sends a write again whose answer was lost. The second one finds the first.
                let now_stored = self.stored(request, &isbn).await?;
                if now_stored == changed {
                    Ok(shown(200, &changed)?.tagged())
                } else {
                    Err(changed_meanwhile(&isbn))
                }
            }
        }
    }

    /// Removes the version of a book that the client has read.
    pub(super) async fn remove(&self, request: &Request, isbn: &str) -> Result<Response, ErrorResponse> {
        let isbn = parse_isbn(isbn)?;
        let stored = self.matching(request, &isbn).await?;
        let written = self.catalogue.remove(&isbn, stored.version).await;
        let is_gone = match written.map_err(|error| failed(request, &error))? {
            Write::Done => true,
            // Removed by the first of two equal calls, of which the answer was lost.
            Write::ConditionFailed => {
                let found = self.catalogue.book(&isbn).await;
                found.map_err(|error| failed(request, &error))?.is_none()
            }
        };
        if is_gone {
            self.remove_pictures(request, &stored).await;
            Ok(Response::empty(204).about(&isbn))
        } else {
            Err(changed_meanwhile(&isbn))
        }
    }

    /// Removes the pictures of a deleted book. The book is gone, so a failure is for the log alone: pictures that nobody names cost a
    /// little, and go when the book is added again and gets another cover.
    async fn remove_pictures(&self, request: &Request, deleted: &StoredBook) {
        let Cover::Ready(pictures) = &deleted.cover else {
            return;
        };
        let isbn = deleted.book.isbn.as_str();
        let removed = self
            .catalogue
            .remove_pictures(pictures.keys(isbn).collect())
            .await;
        if let Err(error) = removed {
            tracing::error!(request_id = request.id(), isbn, %error, "the pictures of a deleted book stay");
        }
    }

    /// The stored book, if it is the one that the header `If-Match` names.
    async fn matching(&self, request: &Request, isbn: &Isbn) -> Result<StoredBook, ErrorResponse> {
        let if_match = request.header(IF_MATCH.as_str());
        if if_match.is_empty() {
            let detail = "send the header If-Match with the ETag of the book that you have read";
            return Err(ErrorResponse::new(ProblemKind::ConditionRequired, detail).about(isbn));
        }
        let stored = self.stored(request, isbn).await?;
        let tag = conditional::entity_tag(shown(200, &stored)?.body());
        if conditional::matches(&if_match, &tag) {
            Ok(stored)
        } else {
            Err(changed_meanwhile(isbn))
        }
    }
}

fn changed_meanwhile(isbn: &Isbn) -> ErrorResponse {
    let detail = "somebody has changed the book since you read it; read it again, and repeat your change";
    ErrorResponse::new(ProblemKind::Changed, detail).about(isbn)
}
