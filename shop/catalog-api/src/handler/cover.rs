//! `POST /books/{isbn}/cover`.

use aws_credential_types::provider::ProvideCredentials as _;
use aws_lambda_events::http::header::RETRY_AFTER;
use rest_function::{Body, Request, Response};

use super::CatalogApi;
use super::read::parse_isbn;
use crate::book::MAX_BODY_BYTES;
use crate::ports::Catalogue;
use crate::problem::{ErrorResponse, Problem, ProblemKind};
use crate::upload::Upload;

impl<C: Catalogue> CatalogApi<C> {
    /// Answers the form that uploads the cover of a book. Nothing is stored: every request gets a form of its own.
    pub(super) async fn sign_upload(&self, request: &Request, isbn: &str) -> Result<Response, ErrorResponse> {
        let isbn = parse_isbn(isbn)?;
        let body = Body::of(request, MAX_BODY_BYTES)?;
        let upload = Upload::accept(body.document()?).map_err(Problem::invalid)?;
        let stored = self.stored(request, &isbn).await?;
        let credentials = self.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| {
            tracing::error!(request_id = request.id(), %error, "there are no credentials to sign with");
            ErrorResponse::new(
                ProblemKind::Unavailable,
                "no upload can be signed right now; try again",
            )
            .with_header(RETRY_AFTER, "1")
        })?;
        let form = self
            .uploads
            .sign(&stored.book.isbn, upload, &credentials, (self.now)());
        Ok(Response::json(200, &form)?.about(&isbn))
    }
}
