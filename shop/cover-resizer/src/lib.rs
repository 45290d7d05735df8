//! cover-resizer: a picture that somebody uploaded becomes the cover of a book, upright, of three widths, without its metadata.
//!
//! `upload` reads the event of S3, [`cover_pictures::resize`] makes the pictures, and [`CoverResizer`] does one after the other and
//! records the outcome on the book, whose cover is that of `book-cover`. AWS is reached only through the [`ports`]; [`adapters`]
//! implement them.
//!
//! **Invariants:** memory is bounded by [`cover_pictures::limits`], and no upload makes it panic. A picture that is refused is recorded
//! with its [`RefusalReason`](book_cover::RefusalReason) and never tried again. Of two uploads for one book the later one stays, in
//! whatever order their events come, and the pictures of the earlier one are removed once the book no longer names them. The function
//! reads one bucket and writes another, so nothing that it writes starts it.

pub mod adapters;
pub mod config;
mod handler;
pub mod ports;
mod sequencer;
#[cfg(test)]
mod tests;
mod upload;

use function_runtime::aws::Host;
use lambda_runtime::Error;

pub use config::Config;
pub use handler::{CoverResizer, Failed};
pub use sequencer::Sequencer;
pub use upload::NoEvent;

/// Runs the function until its host ends it.
///
/// # Errors
/// An environment variable is missing, or the host is gone.
pub async fn run(host: impl Host) -> Result<(), Error> {
    let config = Config::read(&host.environment())
        .inspect_err(|error| tracing::error!(%error, "cover-resizer cannot start"))?;
    let sdk = host.load(adapters::CALLS.loader()).await;
    let resizer = CoverResizer::new(adapters::Aws::new(&sdk, config));
    host.serve(async |event, _time_left| resizer.handle(event).await)
        .await
}
