//! Makes the covers of an upload, and records the outcome on the book.

use std::time::Instant;

use cover_pictures::{Cover, RefusalReason, resize};
use function_runtime::CallError;
use serde_json::Value;

use crate::ports::{Content, Outcome, Ports, Recorded};
use crate::upload::{self, NoEvent, Upload};

/// Why an invocation fails. Lambda tries it again, and its event ends in the queue of failed events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The event cannot be read.
    #[error(transparent)]
    NoEvent(#[from] NoEvent),
    /// A call failed. Holds its error code.
    #[error("a call failed: {0}")]
    Call(#[from] CallError),
}

/// The function.
#[derive(Debug)]
pub struct CoverResizer<P> {
    ports: P,
}

impl<P: Ports> CoverResizer<P> {
    /// The function with these ports.
    #[must_use]
    pub const fn new(ports: P) -> Self {
        Self { ports }
    }

    /// Handles one event of S3.
    ///
    /// # Errors
    /// The event cannot be read, or a call failed. The same event can be handled again: it writes the same pictures.
    pub async fn handle(&self, event: Value) -> Result<(), Failed> {
        let uploads =
            upload::read(event).inspect_err(|error| tracing::error!(%error, "an event was not read"))?;
        for upload in uploads {
            let started = Instant::now();
            let handled = self.handle_upload(&upload).await;
            let duration = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            match handled {
                Ok(outcome) => {
                    tracing::info!(
                        isbn = upload.isbn,
                        outcome,
                        duration_milliseconds = duration,
                        "handled an upload"
                    );
                }
                Err(error) => {
                    tracing::error!(
                        isbn = upload.isbn,
                        error_code = %error.code,
                        duration_milliseconds = duration,
                        "an upload was not handled"
                    );
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Returns the outcome for the log.
    async fn handle_upload(&self, upload: &Upload) -> Result<&'static str, CallError> {
        let made = match self.ports.read(upload).await? {
            Content::Replaced => return Ok("replaced"),
            Content::TooLarge => Err(RefusalReason::FileTooLarge),
            Content::File(bytes) => resize(&bytes),
        };
        let outcome = match made {
            Ok(covers) => self.write(upload, covers).await?,
            Err(refusal) => Outcome::Refused(refusal),
        };
        let recorded = self.ports.record(&upload.isbn, &upload.sequencer, outcome);
        Ok(match (recorded.await?, outcome) {
            (Recorded::Unneeded, _) => "unneeded",
            (Recorded::Done, Outcome::Ready { .. }) => "ready",
            (Recorded::Done, Outcome::Refused(refusal)) => refusal.code(),
        })
    }

    /// Writes all pictures before the book names them.
    async fn write(&self, upload: &Upload, covers: Vec<Cover>) -> Result<Outcome, CallError> {
        let (mut width, mut height) = (0, 0);
        for cover in covers {
            if cover.width >= width {
                (width, height) = (cover.width, cover.height);
            }
            let key = key(&upload.isbn, upload.sequencer.as_str(), cover.asked_width);
            self.ports.write(&key, cover.jpeg).await?;
        }
        Ok(Outcome::Ready { width, height })
    }
}

/// The key of a picture. Another upload has other keys, so a picture never changes under its key and can be cached for ever.
fn key(isbn: &str, sequencer: &str, width: u32) -> String {
    format!("covers/{isbn}/{sequencer}-{width}.jpg")
}
