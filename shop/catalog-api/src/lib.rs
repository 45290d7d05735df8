//! catalog-api: the books that the shop sells.
//!
//! `rest-function` decodes the proxy event, reads the JSON document and builds the answer. In between, `route` finds the resource,
//! and `handler` decides. The table and the pictures are reached only through the [`ports`]; [`adapters`] implement them.
//!
//! **Invariant:** a book is made by a parser only. A change names the version that its author saw (`If-Match`), and a change of
//! another version is refused, so that nobody overwrites what nobody has read. Nothing here knows an order: of `order-core` it takes
//! money, currencies, texts and violations.

pub mod adapters;
pub mod book;
pub mod config;
mod cursor;
mod handler;
pub mod isbn;
mod list_query;
mod openapi;
pub mod ports;
mod problem;
mod route;
pub mod upload;

use std::time::Duration;

use function_runtime::aws::{Host, open_connections};
use lambda_runtime::Error;

pub use book::Book;
pub use config::Config;
pub use handler::CatalogApi;
pub use isbn::Isbn;
pub use upload::UploadBucket;

/// Kept of the function's time for the answer, even if the answer is that a call took too long.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// Runs the function until its host ends it.
///
/// # Errors
/// An environment variable is missing or invalid, or the host is gone.
pub async fn run(host: impl Host) -> Result<(), Error> {
    let config = Config::read(&host.environment())
        .inspect_err(|error| tracing::error!(%error, "catalog-api cannot start"))?;
    let sdk = host.load(adapters::CALLS.loader()).await;
    open_connections(&sdk, adapters::connections).await;
    let uploads = UploadBucket {
        name: config.uploads_bucket,
        region: sdk
            .region()
            .map_or_else(String::new, |region| region.as_ref().to_owned()),
        endpoint_url: sdk.endpoint_url().map(str::to_owned),
    };
    let credentials = sdk
        .credentials_provider()
        .ok_or("the environment has no credentials")?;
    let catalogue = adapters::AwsCatalogue::new(&sdk, config.books_table, config.covers_bucket);
    let api = CatalogApi::new(catalogue, config.allowed_origins, uploads, credentials);
    host.serve(async |event, time_left: Duration| {
        let time_left = time_left.saturating_sub(TIME_TO_ANSWER);
        Ok::<_, Error>(api.handle(event, time_left).await)
    })
    .await
}
