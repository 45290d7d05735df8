//! The logs of the functions on this machine.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stack_client::Target;

use crate::system::System;

/// The most lines about one order.
const MAX_LINES: usize = 200;

/// The lines that name an id, oldest first: each with `at`, `service`, `level`, `message`, `code` and `receive_count`.
/// None on AWS, and none for a system in memory, which has no logs.
pub(crate) async fn about(system: &System, id: &str) -> Vec<Value> {
    let id = id.to_owned();
    let mut lines = select(system, move |line| line.contains(&id)).await;
    lines.truncate(MAX_LINES);
    lines
}

/// The failures of records: each with `at` and `code`, oldest first.
pub(crate) async fn failures(system: &System) -> Vec<Value> {
    let mut lines = select(system, |line| {
        line.contains("\"WARN\"") || line.contains("\"ERROR\"")
    })
    .await;
    lines.retain(|line| line["code"].is_string());
    lines
}

async fn select(system: &System, is_wanted: impl Fn(&str) -> bool + Send + 'static) -> Vec<Value> {
    let Some(directory) = directory(system) else {
        return Vec::new();
    };
    let read = move || {
        let mut lines: Vec<Value> = files(&directory)
            .iter()
            .flat_map(|path| read_file(path, &is_wanted))
            .collect();
        lines.sort_by(|one, other| one["at"].as_str().cmp(&other["at"].as_str()));
        lines
    };
    // A log is at most 10 MiB. Reading it would hold up the other requests.
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

fn directory(system: &System) -> Option<PathBuf> {
    let connection = system.connection().ok()?;
    let is_here = connection.target() == Target::Local && connection.uses_data_dir();
    is_here.then(|| connection.data_dir().join("logs"))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

fn read_file(path: &Path, is_wanted: &impl Fn(&str) -> bool) -> Vec<Value> {
    let service = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let service = service.split('.').next().unwrap_or_default().to_owned();
    let Ok(file) = File::open(path) else {
        return Vec::new();
    };
    BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .filter(|line| is_wanted(line))
        .filter_map(|line| parse(&service, &line))
        .collect()
}

/// No log line holds personal data, so that the whole line may be shown. Only some fields are of use.
fn parse(service: &str, line: &str) -> Option<Value> {
    let line: Value = serde_json::from_str(line).ok()?;
    // The page itself reads the order again and again.
    if line["method"] == "GET" {
        return None;
    }
    let code = [&line["error_code"], &line["code"]]
        .into_iter()
        .find(|code| code.is_string());
    Some(json!({
        "at": line["timestamp"],
        "service": service,
        "level": line["level"],
        "message": line["message"],
        "code": code,
        "detail": line["error_detail"],
        "receive_count": line["receive_count"],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_time_service_and_reason() {
        let line = r#"{"timestamp":"2026-11-29T07:23:49.140535Z","level":"WARN","message":"record failed: m","order_id":"o",
            "code":"malformed","permanent":true,"receive_count":1,"target":"order_worker"}"#;
        let parsed = parse("order-worker", line).unwrap();
        assert_eq!(parsed["service"], "order-worker");
        assert_eq!(parsed["code"], "malformed");
        assert_eq!(parsed["receive_count"], 1);
        assert_eq!(parse("order-worker", "panicked at"), None);
        assert_eq!(
            parse("order-api", r#"{"message":"answered","method":"GET"}"#),
            None
        );
    }

    #[test]
    fn an_older_log_of_the_same_function_is_read_too() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["notifier.log", "notifier.log.1"] {
            std::fs::write(directory.path().join(name), "{\"message\":\"x\"}\nno json\n").unwrap();
        }
        let found: Vec<Value> = files(directory.path())
            .iter()
            .flat_map(|path| read_file(path, &|_| true))
            .collect();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|line| line["service"] == "notifier"));
    }
}
