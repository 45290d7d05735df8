//! DynamoDB: the embedded engine dynoxide, called in process.
//!
//! The engine is synchronous and has one lock. It runs on a thread of its own, so that it does not block the other services.
//!
//! Operations that it does not have, for example `DescribeContinuousBackups` and `UpdateContinuousBackups`,
//! are answered with `UnknownOperationException`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cloud_billing::dynamodb::Capacity;
use cloud_store::{Durability, Location};
use cloud_wire::json;
use dynoxide::auth_material::{self, AuthMaterial};
use http::{HeaderMap, Response, header};
use serde_json::Value;

use crate::answer;
use crate::arns;
use crate::bounds;
use crate::converge::{ConvergeError, converge};
use crate::engine::Engine;
use crate::group::Access;
use crate::operation::{Effect, Outcome, effect, is_write, perform};
use crate::source::{Tables, open_at};

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
}

/// The table service. Cloning it is cheap.
#[derive(Clone)]
pub struct DynamoDb(Arc<Inner>);

struct Inner {
    engine: Engine,
    /// Why the last write failed inside the engine. `None` after a write that worked.
    failed_write: Mutex<Option<String>>,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoDb")
            .field("degraded", &self.degraded())
            .finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Opens the database and starts its engine.
    pub async fn open(location: &Location, durability: Durability) -> Result<Self, DynamoDbError> {
        let open_error = |reason: String| DynamoDbError::Open {
            path: match location {
                Location::Disk(path) => Some(path.clone()),
                Location::Memory => None,
            },
            reason,
        };
        let open = open_at(location, durability).map_err(open_error)?;
        let engine = Engine::start(open).await.map_err(open_error)?;
        Ok(Self(Arc::new(Inner {
            engine,
            failed_write: Mutex::default(),
        })))
    }

    /// Returns why the service does not work as it should, or `None` if it does: the database cannot be opened again after
    /// a panic of the engine, or the last write failed inside the engine, for example because the disk is full.
    #[must_use]
    pub fn degraded(&self) -> Option<String> {
        let unopened = self.0.engine.unopened();
        if let Some(reason) = unopened {
            return Some(format!(
                "the tables cannot be opened again after a failure: {reason}"
            ));
        }
        let failed = self.0.failed_write.lock().unwrap_or_else(PoisonError::into_inner);
        failed
            .as_ref()
            .map(|reason| format!("the last write to a table failed: {reason}"))
    }

    /// Creates the table of a `CreateTable` request, or changes an existing table to match it and a request `UpdateTimeToLive`.
    /// [`ConvergeError`] lists the changes that are not possible. Returns the ARN of the table.
    pub async fn converge_table(
        &self,
        create_table: Value,
        time_to_live: Option<Value>,
    ) -> Result<String, ConvergeError> {
        let work = move |tables: &Tables| converge(&tables.database, create_table, time_to_live);
        let converged = self.0.engine.change(work).await;
        converged.unwrap_or_else(|error| Err(ConvergeError::Engine(error.to_string())))
    }

    /// Deletes the items whose time to live is over. AWS does it within days.
    pub async fn delete_expired_items(&self) {
        match self.0.engine.run(|tables| tables.database.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(items)) => tracing::info!(items, "expired items of tables were deleted"),
            Ok(Err(error)) => tracing::warn!(%error, "expired items of tables were not deleted"),
            Err(error) => tracing::warn!(%error, "expired items of tables were not deleted"),
        }
    }

    /// Performs a request and returns its answer, with the checksum that the SDKs compare. An extension of the answer is the
    /// [`Capacity`] that the call consumed.
    pub async fn call(&self, headers: &HeaderMap, body: Bytes) -> Response<Bytes> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        let Some(content_type) =
            content_type(text(header::CONTENT_TYPE).unwrap_or_default(), body.is_empty())
        else {
            return answer::not_found();
        };
        let target = text(http::HeaderName::from_static("x-amz-target")).unwrap_or_default();
        let operation = target
            .strip_prefix("DynamoDB_20120810.")
            .or_else(|| target.strip_prefix("DynamoDBStreams_20120810."))
            .unwrap_or_default()
            .to_owned();
        let refusal = auth_material::validate(AuthMaterial {
            authorization: text(header::AUTHORIZATION),
            query: "",
            has_date_header: headers.contains_key("x-amz-date") || headers.contains_key(header::DATE),
        });
        if let Some(body) = refusal {
            return answer::refused(body, content_type);
        }
        let Some((outcome, capacity)) = self.perform(operation, body).await else {
            return answer::unavailable();
        };
        let mut answer = answer::of(&outcome, content_type);
        answer.extensions_mut().insert(capacity);
        answer
    }

    /// Performs an operation on the engine's thread. Returns `None` if the engine did not finish it.
    async fn perform(&self, operation: String, body: Bytes) -> Option<(Outcome, Capacity)> {
        let writes = is_write(&operation);
        let Ok(body) = String::from_utf8(body.into()) else {
            return Some((Outcome::NotJson, Capacity::default()));
        };
        if let Err(error) = bounds::check(&body) {
            return Some((Outcome::Failed(error), Capacity::default()));
        }
        let body = arns::to_engine(&operation, body);
        let effect = effect(&operation);
        let work = move |tables: &Tables| match perform(tables, &operation, &body) {
            (Outcome::Done(answer, failure), capacity) => (
                Outcome::Done(arns::to_client(&operation, answer), failure),
                capacity,
            ),
            performed => performed,
        };
        let performed = match effect {
            Effect::ReadsItems => self.0.engine.run_joined(Access::Read, work).await,
            Effect::WritesItems => self.0.engine.run_joined(Access::Write, work).await,
            Effect::ChangesTables => self.0.engine.change(work).await,
            Effect::Other => self.0.engine.run(work).await,
        };
        let (outcome, capacity) = match performed {
            Ok(performed) => performed,
            Err(error) => {
                tracing::error!(%error, "a call of DynamoDB failed");
                return None;
            }
        };
        let failure = match &outcome {
            Outcome::Done(_, failure) => failure.clone(),
            Outcome::Failed(error) if error.status_code() == 500 => Some(error.to_string()),
            _ => None,
        };
        let is_done = matches!(outcome, Outcome::Done(..));
        if writes && (is_done || failure.is_some()) {
            let mut failed = self.0.failed_write.lock().unwrap_or_else(PoisonError::into_inner);
            if let (None, Some(reason)) = (&*failed, &failure) {
                tracing::error!(reason, "a write to a table failed");
            }
            *failed = failure;
        }
        Some((outcome, capacity))
    }

    /// Stops the engine. Running requests have a short time to finish.
    pub async fn close(&self) {
        self.0.engine.close().await;
    }
}

/// Returns the content type of the answer, which is that of the request. Returns `None` if DynamoDB does not take it. A
/// request without a body needs none.
fn content_type(value: &str, is_empty: bool) -> Option<&'static str> {
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(json::CONTENT_TYPE) {
        Some(json::CONTENT_TYPE)
    } else if media_type.eq_ignore_ascii_case("application/json") || (value.is_empty() && is_empty) {
        Some("application/json")
    } else {
        None
    }
}
