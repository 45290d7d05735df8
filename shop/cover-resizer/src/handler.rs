//! Makes the covers of an upload, and records the outcome on the book.

use std::time::Instant;

use book_cover::{RefusalReason, picture_id};
use cover_pictures::{Cover, resize};
use function_runtime::CallError;

use crate::ports::{Content, Outcome, Ports, Recorded};
use crate::sequencer::Sequencer;
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
    pub async fn handle(&self, event: &str) -> Result<(), Failed> {
        let uploads =
            upload::read(event).inspect_err(|error| tracing::error!(%error, "an event was not read"))?;
        for upload in uploads {
            let started = Instant::now();
            let handled = self.handle_upload(&upload).await;
            let duration = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            match handled {
                Ok(Handled { outcome, removed }) => {
                    tracing::info!(
                        isbn = upload.isbn,
                        outcome,
                        removed_pictures = removed,
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

    async fn handle_upload(&self, upload: &Upload) -> Result<Handled, CallError> {
        let made = match self.ports.read(upload).await? {
            Content::Replaced => {
                return Ok(Handled {
                    outcome: "replaced",
                    removed: 0,
                });
            }
            Content::TooLarge => Err(RefusalReason::FileTooLarge),
            Content::File(bytes) => resize(&bytes),
        };
        let outcome = match made {
            Ok(covers) => self.write(upload, covers).await?,
            Err(refusal) => Outcome::Refused(refusal),
        };
        let recorded = self.ports.record(&upload.isbn, &upload.sequencer, outcome);
        let recorded = recorded.await?;
        let removed = self.remove_unnamed(upload, &recorded).await?;
        let outcome = match (recorded, outcome) {
            (Recorded::Known(_) | Recorded::NoBook, _) => "unneeded",
            (Recorded::Done, Outcome::Ready { .. }) => "ready",
            (Recorded::Done, Outcome::Refused(refusal)) => refusal.code(),
        };
        Ok(Handled { outcome, removed })
    }

    /// Removes the pictures that the book no longer names: those of uploads before the one whose outcome it has, or, of a deleted book,
    /// those up to this upload. Pictures of later uploads stay, whose events come too. Returns their number.
    ///
    /// A failure fails the invocation. The next one finds the same pictures.
    async fn remove_unnamed(&self, upload: &Upload, recorded: &Recorded) -> Result<usize, CallError> {
        let is_unnamed = |place: Sequencer| match recorded {
            Recorded::Done => place < upload.sequencer,
            Recorded::Known(known) => place < *known,
            Recorded::NoBook => place <= upload.sequencer,
        };
        let mut keys = self.ports.pictures(&upload.isbn).await?;
        keys.retain(|key| {
            let place = picture_id(&upload.isbn, key).and_then(Sequencer::parse);
            place.is_some_and(is_unnamed)
        });
        let removed = keys.len();
        if removed > 0 {
            self.ports.remove(keys).await?;
        }
        Ok(removed)
    }

    /// Writes all pictures before the book names them.
    async fn write(&self, upload: &Upload, covers: Vec<Cover>) -> Result<Outcome, CallError> {
        let (mut width, mut height) = (0, 0);
        for cover in covers {
            if cover.width >= width {
                (width, height) = (cover.width, cover.height);
            }
            let key = book_cover::key(&upload.isbn, upload.sequencer.as_str(), cover.asked_width);
            self.ports.write(&key, cover.jpeg).await?;
        }
        Ok(Outcome::Ready { width, height })
    }
}

/// An upload, as the log describes it.
struct Handled {
    outcome: &'static str,
    /// How many pictures were removed, which the book no longer names.
    removed: usize,
}
