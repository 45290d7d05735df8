//! The lines of the functions.

#[cfg(feature = "otlp")]
mod export;

use crate::invocation;
use crate::testing::logged;

#[test]
fn every_line_of_an_invocation_has_its_ids_at_any_level() {
    for levels in ["error", "info", "trace"] {
        let lines = logged(levels, || {
            let span = invocation("r1", None, true);
            span.in_scope(|| tracing::error!(order_id = %7, count = 3, "inside"));
            tracing::error!("outside");
        });
        assert_eq!(lines[0]["function_request_id"], "r1");
        assert_eq!(lines[0]["cold_start"], true);
        assert_eq!(lines[0]["order_id"], "7");
        assert_eq!(lines[0]["count"], 3);
        assert_eq!(
            (&lines[0]["level"], &lines[0]["message"]),
            (&"ERROR".into(), &"inside".into())
        );
        assert!(lines[1].get("function_request_id").is_none());
    }
}

#[test]
fn a_usual_line_has_the_trace_only_if_it_is_recorded() {
    let log = || {
        tracing::info!("usual");
        tracing::debug!("more");
        tracing::warn!("unusual");
    };
    let lines = logged("debug", || {
        invocation("r1", Some("Root=1-2-3;Sampled=0"), false).in_scope(log);
        invocation("r2", Some("Root=4-5-6;Sampled=1"), false).in_scope(log);
    });
    let traces: Vec<_> = lines
        .iter()
        .map(|line| line.get("xray_trace_id").and_then(|trace| trace.as_str()))
        .collect();
    let (unrecorded, recorded) = (Some("1-2-3"), Some("4-5-6"));
    assert_eq!(
        traces,
        [None, unrecorded, unrecorded, recorded, recorded, recorded]
    );
    let has_none = |name| lines.iter().all(|line| line.get(name).is_none());
    assert!(has_none("unrecorded_trace_id") && has_none("cold_start"));
}

#[test]
fn a_level_applies_to_this_systems_crates_and_others_stay_at_info() {
    let lines = logged("debug", || {
        tracing::debug!(target: "order_api::handler", "own");
        tracing::debug!(target: "hyper_util::client", "other");
        tracing::info!(target: "hyper_util::client", "other");
    });
    let levels: Vec<_> = lines
        .iter()
        .map(|line| (line["message"].as_str().unwrap(), line["level"].as_str().unwrap()))
        .collect();
    assert_eq!(levels, [("own", "DEBUG"), ("other", "INFO")]);
}

#[test]
fn no_level_lets_a_runtime_log_payloads() {
    let lines = logged("trace", || {
        // A subscriber reads the target of an event from its call site, so that each needs one of its own.
        macro_rules! log_from {
            ($($target:literal),*) => {$(
                tracing::debug!(target: $target, "payload");
                tracing::info!(target: $target, "started");
            )*};
        }
        log_from!(
            "lambda_runtime",
            "lambda_runtime::layers::api_client",
            "lambda_runtime_api_client",
            "aws_smithy_runtime::client::http",
            "aws_smithy_runtime_api"
        );
        tracing::trace!(target: "order_worker", "own");
    });
    let written: String = lines.iter().map(ToString::to_string).collect();
    assert!(!written.contains("payload"), "{written}");
    assert_eq!(written.matches("started").count(), 5, "{written}");
    assert_eq!(written.matches("own").count(), 1, "{written}");
}
