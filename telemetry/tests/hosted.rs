//! Two functions inside one program: each has its own lines and its own metrics. In a process of its own, which can have one collector.

#![expect(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, with a line number"
)]

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use telemetry::metrics::{self, Count, Measure};
use telemetry::{Output, init_hosted, invocation};

/// The lines of one function.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Value>>>);

impl Lines {
    fn output(&self) -> Output {
        let lines = self.clone();
        Arc::new(move |line: &[u8]| {
            lines
                .0
                .lock()
                .unwrap()
                .push(serde_json::from_slice(line).unwrap());
        })
    }

    /// The lines that have a field, in order.
    fn with(&self, field: &str) -> Vec<Value> {
        let lines = self.0.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.get(field).is_some())
            .cloned()
            .collect()
    }
}

/// Runs an invocation of a function on a thread of its own, and waits for its end.
fn run(service: &'static str, lines: &Lines, work: impl FnOnce() + Send + 'static) {
    let output = lines.output();
    let thread = std::thread::spawn(move || {
        let _telemetry = init_hosted(service, "info", &output);
        let invocation = invocation("r1", None, true);
        let _entered = invocation.enter();
        run_ready(metrics::measured(async { work() }));
    });
    thread.join().unwrap();
}

/// Runs a future that never waits.
fn run_ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
    {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}

#[test]
fn each_function_has_its_own_lines_and_metrics() {
    let (api, worker) = (Lines::default(), Lines::default());
    run("order-api", &api, || {
        tracing::info!("answered");
        metrics::count(Count::OrdersAccepted, 2);
    });
    run("order-worker", &worker, || {
        metrics::count_by_reason(Count::MessagesPutOff, "timeout", 1);
        let panicked = std::panic::catch_unwind(|| panic!("personal data"));
        assert!(panicked.is_err());
        for value in 0..250 {
            metrics::record(Measure::BatchSize, f64::from(value));
        }
    });
    run("order-api", &api, || metrics::count(Count::OrdersAccepted, 3));

    let messages = api.with("message");
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(
        (&messages[0]["service"], &messages[0]["function_request_id"]),
        (&"order-api".into(), &"r1".into())
    );
    let accepted = api.with("OrdersAccepted");
    let counts: Vec<_> = accepted.iter().map(|line| &line["OrdersAccepted"]).collect();
    assert_eq!(counts, [2, 3]);
    // Each is the first invocation of its thread.
    assert_eq!(api.with("ColdStarts").len(), 2);
    let directive = &accepted[0]["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Dimensions"], json!([["service"]]));

    let put_off = worker.with("MessagesPutOff");
    assert_eq!(put_off.len(), 2, "{put_off:?}");
    let by_reason = put_off.iter().find(|line| line.get("reason").is_some()).unwrap();
    assert_eq!(
        (&by_reason["service"], &by_reason["reason"]),
        (&"order-worker".into(), &"timeout".into())
    );
    assert_eq!(
        by_reason["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["service", "reason"]])
    );
    assert_eq!(worker.with("Panics").len(), 1);
    let panicked = &worker.with("location")[0];
    assert!(!panicked.to_string().contains("personal data"), "{panicked}");
    let sizes = worker.with("BatchSize");
    let values: usize = sizes
        .iter()
        .map(|line| line["BatchSize"].as_array().unwrap().len())
        .sum();
    assert_eq!(values, 250);
    assert!(worker.with("OrdersAccepted").is_empty() && api.with("BatchSize").is_empty());
}
