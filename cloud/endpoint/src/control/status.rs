//! `/_local/status`: all that an operator wants to know about this run, in one document.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cloud_wire::iso8601;
use serde::Serialize;
use serde_json::json;

use super::health;
use super::state::respond_with_failure;
use crate::backend::Backend;

/// The version of the document. It grows when a field goes away or changes its meaning.
const VERSION: u32 = 1;

/// Answers with this document. Times are RFC 3339 in UTC.
///
/// - `version`: 1.
/// - `status`, `reasons`: as in `/_local/health`.
/// - `instance_id`, `started_at`, `stack_name`, `data_dir` (`null` in memory).
/// - `queues`: by name, each with `visible`, `delayed`, `in_flight`, `oldest_age_seconds` (`null` if empty),
///   `is_dead_letter_queue`, and the number of messages `sent`, `received` and `deleted` since the start.
/// - `subscriptions`: as in `/_local/subscriptions`.
/// - `alarms`: as in `/_local/alarms`.
/// - `functions`: each with `name`, `idle_processes` and `start_failure`.
/// - `faults`: `{"active": BOOLEAN}`, true while there is a plan or an outage.
/// - `disk`: the files of the data directory, each with `file` and `bytes`.
/// - `last_failed_commit`: `null`, or `at` and `reason`, since the start.
pub(super) async fn status(State(backend): State<Backend>) -> Response {
    let (queues, subscriptions) = tokio::join!(backend.sqs.depths(), backend.sns.subscriptions());
    let (queues, subscriptions) = match (queues, subscriptions) {
        (Ok(queues), Ok(subscriptions)) => (queues, subscriptions),
        (Err(error), _) => return respond_with_failure(&error),
        (_, Err(error)) => return respond_with_failure(&error),
    };
    let reasons = health::reasons(&backend);
    let instance = &backend.instance;
    let last_failure = backend.sqs.store().last_failed_commit();
    Json(json!({
        "version": VERSION,
        "status": health::status(&reasons),
        "reasons": reasons,
        "instance_id": instance.id(),
        "started_at": text(instance.started_at()),
        "stack_name": instance.stack_name(),
        "data_dir": instance.directory(),
        "queues": queues,
        "subscriptions": subscriptions,
        "alarms": backend.cloud_watch.alarms(),
        "functions": instance.functions(),
        "faults": { "active": backend.faults.active() || !backend.faults.outages().is_empty() },
        "disk": instance.directory().map(|directory| files(directory)).unwrap_or_default(),
        "last_failed_commit": last_failure.map(|failed| json!({ "at": text(failed.at), "reason": failed.reason })),
    }))
    .into_response()
}

fn text(at: SystemTime) -> String {
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    iso8601(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// A file of the data directory.
#[derive(Debug, Serialize)]
struct File {
    /// Its path in the directory.
    file: String,
    bytes: u64,
}

/// Returns the files of the directory and of the directories in it, by name. Unreadable files are left out.
fn files(directory: &Path) -> Vec<File> {
    let mut files = Vec::new();
    collect(directory, "", &mut files);
    files.sort_by(|one, other| one.file.cmp(&other.file));
    files
}

fn collect(directory: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // `DirEntry::metadata` does not follow symbolic links, so this ends.
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => collect(&entry.path(), &format!("{name}/"), files),
            Ok(metadata) => files.push(File {
                file: name,
                bytes: metadata.len(),
            }),
            Err(_) => {}
        }
    }
}
