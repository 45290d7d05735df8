//! The billing of CloudWatch Logs: ingested bytes.

use crate::units::Units;

/// The bytes that CloudWatch Logs adds to each log event.
///
/// Source: CloudWatch Logs API Reference, `PutLogEvents`: the size of a batch is the sum of all event messages in UTF-8, plus 26
/// bytes for each log event.
const EVENT_BYTES: u64 = 26;

/// The two events that Lambda writes about an invocation with `LogFormat: JSON` and the default `SystemLogLevel` (INFO), with usual values.
///
/// Source: Lambda Developer Guide, "Log-level filtering" (levels of system events), and "Lambda Telemetry API Event schema reference".
const INVOCATION: [&str; 2] = [
    r#"{"time":"2026-11-23T12:01:40.991Z","type":"platform.start","record":{"requestId":"01a20848-887f-7525-8685-737960411621","version":"$LATEST"}}"#,
    r#"{"time":"2026-11-23T12:01:41.023Z","type":"platform.report","record":{"requestId":"01a20848-887f-7525-8685-737960411621","metrics":{"durationMs":31.415,"billedDurationMs":32,"memorySizeMB":256,"maxMemoryUsedMB":32},"status":"success"}}"#,
];

/// The units of what Lambda itself logs about an invocation: a constant.
#[must_use]
pub fn invocation() -> Units {
    Units {
        lambda_log_bytes: INVOCATION
            .iter()
            .map(|line| event(line.as_bytes()).log_bytes)
            .sum(),
        ..Units::default()
    }
}

/// The units of one line of a function.
#[must_use]
pub fn event(line: &[u8]) -> Units {
    Units {
        log_bytes: line.len() as u64 + EVENT_BYTES,
        ..Units::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_26_bytes_more_than_its_text() {
        assert_eq!(event("é".as_bytes()).log_bytes, 28);
    }

    #[test]
    fn lambda_logs_two_events_about_an_invocation() {
        assert_eq!(invocation().lambda_log_bytes, 141 + 26 + 235 + 26);
    }
}
