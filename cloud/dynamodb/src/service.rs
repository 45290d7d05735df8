//! DynamoDB: dynoxide, embedded, behind a proxy that passes bytes on unchanged.
//!
//! dynoxide's router is private, so it listens on a loopback port of its own; its engine is synchronous behind one
//! lock, so it runs on threads of its own and never holds up the other services. What it lacks
//! (`DescribeContinuousBackups` and `UpdateContinuousBackups`, for instance) it answers with
//! `UnknownOperationException`.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use cloud_store::{Durability, Location};
use dynoxide::Database;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::converge::{ConvergeError, converge};
use crate::server::Server;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// The file cannot be used as a database.
    #[error("the DynamoDB database {path:?} cannot be opened: {reason}")]
    Open {
        /// The file, if there is one.
        path: Option<PathBuf>,
        /// The engine's reason.
        reason: String,
    },
    /// The engine's own listener could not be started.
    #[error("the DynamoDB engine cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The client for the engine could not be made.
    #[error("the DynamoDB proxy cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// The table service; cheap to clone.
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
            // The engine commits at synchronous=FULL. This is its only public way to NORMAL, which survives the
            // end of the process; the rest of what it sets are SQLite's defaults.
            database
                .disable_bulk_loading()
                .map_err(|error| open_error(error.to_string()))?;
        }
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

    /// The engine's own URL on loopback, such as `http://127.0.0.1:41234/`: what asks there is judged by no policy.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Creates the table that a `CreateTable` request describes, or brings an existing one up to it: see
    /// [`ConvergeError`] for what it cannot bring. Returns the table's ARN.
    pub async fn converge_table(&self, create_table: Value) -> Result<String, ConvergeError> {
        let database = self.0.database.clone();
        let converged = tokio::task::spawn_blocking(move || converge(&database, create_table)).await;
        converged.unwrap_or_else(|error| Err(ConvergeError::Engine(error.to_string())))
    }

    /// Passes a request on and its answer back, headers and bytes unchanged.
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

    /// Stops the engine; requests in hand have a moment to finish.
    pub async fn close(&self) {
        self.0.server.stop().await;
    }
}

/// The headers that are not about one connection alone.
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
