//! The billing of CloudWatch Logs: ingested bytes.

use crate::units::Units;

/// The bytes that CloudWatch Logs adds to each log event.
///
/// Source: CloudWatch Logs API Reference, `PutLogEvents`: the size of a batch is the sum of all event messages in UTF-8, plus 26
/// bytes for each log event.
const EVENT_BYTES: u64 = 26;

/// Which of its own events Lambda writes (`SystemLogLevel`), with `LogFormat: JSON`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemLogLevel {
    /// Each event.
    Debug,
    /// The start and the report of each invocation. This is the default of Lambda.
    #[default]
    Info,
    /// The end and the report of an invocation that failed.
    Warn,
}

/// Whether an invocation succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationStatus {
    /// The function answered.
    Success,
    /// It returned an error, ran out of time, or its process ended.
    Failure,
}

/// The events that Lambda writes about an invocation, with usual values, and the level of each when it succeeds and when it fails.
///
/// Source: Lambda Developer Guide, "Log-level filtering" (levels of system events), and "Lambda Telemetry API Event schema reference".
const EVENTS: [(&str, SystemLogLevel, SystemLogLevel); 3] = [
    (
        r#"{"time":"2026-11-23T12:01:40.991Z","type":"platform.start","record":{"requestId":"01a20848-887f-7525-8685-737960411621","version":"$LATEST"}}"#,
        SystemLogLevel::Info,
        SystemLogLevel::Info,
    ),
    (
        r#"{"time":"2026-11-23T12:01:41.023Z","type":"platform.runtimeDone","record":{"requestId":"01a20848-887f-7525-8685-737960411621","status":"success","metrics":{"durationMs":31.2,"producedBytes":16}}}"#,
        SystemLogLevel::Debug,
        SystemLogLevel::Warn,
    ),
    (
        r#"{"time":"2026-11-23T12:01:41.023Z","type":"platform.report","record":{"requestId":"01a20848-887f-7525-8685-737960411621","metrics":{"durationMs":31.415,"billedDurationMs":32,"memorySizeMB":256,"maxMemoryUsedMB":32},"status":"success"}}"#,
        SystemLogLevel::Info,
        SystemLogLevel::Warn,
    ),
];

/// The units of what Lambda itself logs about an invocation: a constant for each level and status.
#[must_use]
pub fn invocation(level: SystemLogLevel, status: InvocationStatus) -> Units {
    let written = EVENTS.iter().filter(|(_, success, failure)| {
        let of_event = match status {
            InvocationStatus::Success => *success,
            InvocationStatus::Failure => *failure,
        };
        of_event >= level
    });
    Units {
        lambda_log_bytes: written.map(|(line, ..)| event(line.as_bytes()).log_bytes).sum(),
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
    fn the_level_decides_which_events_of_an_invocation_lambda_logs() {
        let bytes = |level, status| invocation(level, status).lambda_log_bytes;
        let [start, end, report] = EVENTS.map(|(line, ..)| event(line.as_bytes()).log_bytes);
        assert_eq!([start, report], [141 + 26, 235 + 26]);
        for (level, success, failure) in [
            (SystemLogLevel::Debug, start + end + report, start + end + report),
            (SystemLogLevel::Info, start + report, start + end + report),
            (SystemLogLevel::Warn, 0, end + report),
        ] {
            assert_eq!(bytes(level, InvocationStatus::Success), success, "{level:?}");
            assert_eq!(bytes(level, InvocationStatus::Failure), failure, "{level:?}");
        }
    }
}
