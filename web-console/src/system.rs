//! The system that the console shows.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use stack_client::Connection;

use axum::http::StatusCode;
use tokio::sync::watch;

use crate::failure::Failure;

/// Reads the document that `orderctl status --json` prints.
pub type ReadStatus = fn(Arc<Connection>) -> ReadingStatus;

/// The reading of a status.
pub type ReadingStatus = Pin<Box<dyn Future<Output = anyhow::Result<Value>> + Send>>;

/// The system that the console shows. Cloning it is cheap.
#[derive(Clone)]
pub struct System {
    read_status: ReadStatus,
    program: Option<PathBuf>,
    connected: Arc<OnceLock<Connected>>,
}

struct Connected {
    connection: Arc<Connection>,
    /// A number that changes whenever something happens. On AWS nobody knows it.
    activity: Option<watch::Receiver<u64>>,
}

impl System {
    /// A system that is not connected yet. `program` is `orderctl` itself, whose commands the console runs.
    #[must_use]
    pub fn new(read_status: ReadStatus, program: Option<PathBuf>) -> Self {
        Self {
            read_status,
            program,
            connected: Arc::default(),
        }
    }

    /// Connects it. A second call changes nothing.
    ///
    /// `activity` is a number that changes whenever a message passes through a queue, or a call changes something that a status
    /// shows. With it the status is read when something happened, and otherwise on a timer.
    pub fn connect(&self, connection: Arc<Connection>, activity: Option<watch::Receiver<u64>>) {
        let _first_stays = self.connected.set(Connected { connection, activity });
    }

    /// The connection to the system.
    pub(crate) fn connection(&self) -> Result<&Arc<Connection>, Failure> {
        let connected = self.connected.get();
        connected.map(|connected| &connected.connection).ok_or_else(|| {
            Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The system is starting. This page follows by itself.",
            )
        })
    }

    /// The program whose commands the console runs.
    pub(crate) fn program(&self) -> Result<&Path, Failure> {
        let program = self.program.as_deref();
        program.ok_or_else(|| Failure::from(anyhow::anyhow!("the path of orderctl is not known")))
    }

    /// The number that changes whenever something happens, if it is known.
    pub(crate) fn activity(&self) -> Option<u64> {
        Some(*self.connected.get()?.activity.as_ref()?.borrow())
    }

    /// Waits until the number is another one than was `seen`: for ever, if it is not known.
    pub(crate) async fn changed(&self, seen: Option<u64>) {
        let activity = self
            .connected
            .get()
            .and_then(|connected| connected.activity.clone());
        let Some(mut activity) = activity else {
            return std::future::pending().await;
        };
        if activity.wait_for(|number| Some(*number) != seen).await.is_err() {
            // The services have stopped.
            std::future::pending::<()>().await;
        }
    }

    /// Reads the document of `orderctl status --json`.
    pub(crate) async fn read_status(&self) -> Result<Value, Failure> {
        let connection = Arc::clone(self.connection()?);
        Ok((self.read_status)(connection).await?)
    }
}

impl fmt::Debug for System {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("System")
    }
}
