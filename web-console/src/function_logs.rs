//! The logs of the functions on this machine.

use serde_json::{Value, json};
use stack_client::function_logs::{self, LogLine};

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
    let Ok(connection) = system.connection() else {
        return Vec::new();
    };
    let lines = function_logs::read_local(connection, is_wanted).await;
    lines.iter().filter_map(show).collect()
}

/// Only some fields are of use.
fn show(line: &LogLine) -> Option<Value> {
    let LogLine {
        service,
        fields: line,
    } = line;
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
        let shown = |service: &str, line: &str| {
            let fields = serde_json::from_str(line).unwrap();
            show(&LogLine {
                service: service.to_owned(),
                fields,
            })
        };
        let parsed = shown("order-worker", line).unwrap();
        assert_eq!(parsed["service"], "order-worker");
        assert_eq!(parsed["code"], "malformed");
        assert_eq!(parsed["receive_count"], 1);
        assert_eq!(
            shown("order-api", r#"{"message":"answered","method":"GET"}"#),
            None
        );
    }
}
