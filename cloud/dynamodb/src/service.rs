//! DynamoDB: the embedded engine dynoxide, behind a proxy that passes requests and answers on unchanged.
//!
//! dynoxide's router is private, so the engine listens on its own loopback port. The engine is synchronous
//! and has one lock. It runs on its own threads, so that it does not block the other services.
//!
//! Operations that it does not have, for example `DescribeContinuousBackups` and `UpdateContinuousBackups`,
//! are answered with `UnknownOperationException`.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use cloud_store::{Durability, Location};
use dynoxide::Database;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::converge::{ConvergeError, converge};
use crate::server::Server;

/// The reason why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// The file cannot be used as a database.
    #[error("the DynamoDB database {path:?} cannot be opened: {reason}")]
    Open {
        /// The path of the file, or `None` for a database in memory.
        path: Option<PathBuf>,
        /// The reason that the engine gave.
        reason: String,
    },
    /// The listener of the engine could not be started.
    #[error("the DynamoDB engine cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The HTTP client for the engine could not be created.
    #[error("the DynamoDB proxy cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// The table service. Cloning it is cheap.
#[derive(Clone)]
pub struct DynamoDb(Arc<Inner>);

struct Inner {
    database: Database,
    client: reqwest::Client,
    url: String,
    server: Server,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb")
            .field("url", &self.0.url)
            .finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Opens the database and starts its engine.
    pub async fn open(location: &Location, durability: Durability) -> Result<Self, DynamoDbError> {
        let path = match location {
            Location::Disk(path) => Some(path.clone()),
            Location::Memory => None,
        };
        let open_error = |reason: String| DynamoDbError::Open {
            path: path.clone(),
            reason,
        };
        let database = match &path {
            Some(path) => {
                let text = path
                    .to_str()
                    .ok_or_else(|| open_error("its path is not UTF-8".to_owned()))?;
                Database::new(text)
            }
            None => Database::memory(),
        };
        let database = database.map_err(|error| open_error(error.to_string()))?;
        if durability == Durability::Process {
            // By default the engine commits with synchronous=FULL. This is its only public way to set NORMAL,
            // which is enough to survive the end of the process. The other settings that it makes are
            // SQLite's defaults.
            database
                .disable_bulk_loading()
                .map_err(|error| open_error(error.to_string()))?;
        }
        Self::of(database).await
    }

    /// Starts the engine of an open database.
    pub(crate) async fn of(database: Database) -> Result<Self, DynamoDbError> {
        let server = Server::start(database.clone()).await?;
        let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build()?;
        let url = format!("http://{}/", server.address());
        Ok(Self(Arc::new(Inner {
            database,
            client,
            url,
            server,
        })))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// Returns the engine's own URL on loopback, for example `http://127.0.0.1:41234/`. No policies are
    /// checked for requests to this URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Creates the table of a `CreateTable` request, or changes an existing table to match it.
    /// [`ConvergeError`] lists the changes that are not possible. Returns the ARN of the table.
    pub async fn converge_table(&self, create_table: Value) -> Result<String, ConvergeError> {
        let database = self.0.database.clone();
        let converged = tokio::task::spawn_blocking(move || converge(&database, create_table)).await;
        converged.unwrap_or_else(|error| Err(ConvergeError::Engine(error.to_string())))
    }

    /// Passes a request to the engine and returns its answer. Headers and bytes do not change.
    pub async fn call(&self, headers: &HeaderMap, body: Bytes) -> Response<Bytes> {
        match self.forward(headers, body).await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, "the DynamoDB engine did not answer");
                let body = json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
                    "message": "The service could not complete the request.",
                });
                let mut response = Response::new(Bytes::from(body.to_string()));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }

    async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<Response<Bytes>, reqwest::Error> {
        let answer = self
            .0
            .client
            .post(&self.0.url)
            .headers(end_to_end(headers))
            .body(body)
            .send()
            .await?;
        let (status, headers) = (answer.status(), end_to_end(answer.headers()));
        let mut response = Response::new(answer.bytes().await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Stops the engine. Running requests have a short time to finish.
    pub async fn close(&self) {
        self.0.server.stop().await;
    }
}

/// Returns the headers that do not belong to a single connection.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    const HOP_BY_HOP: [HeaderName; 5] = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::EXPECT,
    ];
    let mut headers = headers.clone();
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}
