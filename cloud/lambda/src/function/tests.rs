//! Tests with real processes: the test program runs itself again as the child process.

use std::collections::BTreeMap;

use cloud_faults::Faults;
use serde_json::{Value, json};

use super::*;
use crate::credentials::Credentials;
use crate::launcher::{Command, Launcher};
use crate::logs::LogSink;
use crate::task::AwsService;

/// The full name of the child's test.
const CHILD: &str = "function::tests::child";

impl FunctionSettings {
    /// Settings of a function whose process is [`child`].
    pub(crate) fn example() -> Self {
        let program = std::env::current_exe().unwrap();
        let arguments = example_function::arguments(CHILD);
        let command = Command { program, arguments };
        Self {
            name: "example".to_owned(),
            arn: "arn:aws:lambda:us-east-1:000000000000:function:example".to_owned(),
            binary: "example".to_owned(),
            handler: "bootstrap".to_owned(),
            memory_megabytes: 128,
            timeout: Duration::from_mins(1),
            environment: BTreeMap::new(),
            concurrency: 1000,
            processes: 4,
            lifetime: crate::ProcessLifetime::default(),
            region: "us-east-1".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:4566".to_owned(),
            aws: AwsService::none(),
            credentials: Credentials::generate(),
            launcher: Launcher::new(move |_| command.clone()),
            log: LogSink::tracing("example"),
            cloud_watch: cloud_cloudwatch::CloudWatch::default(),
            meter: cloud_billing::Meter::default(),
            faults: Faults::default(),
        }
    }
}

/// The process of the example function.
#[tokio::test]
#[ignore = "it is the child process of the other tests"]
async fn child() {
    example_function::run().await.unwrap();
}

async fn invoke(function: &Function, payload: Value) -> Result<Value, InvokeError> {
    let response = function.invoke(payload.to_string().into()).await?;
    Ok(serde_json::from_slice(&response).unwrap())
}

#[tokio::test]
async fn an_idle_process_is_used_again() {
    let function = Function::new(FunctionSettings::example());
    let first = invoke(&function, json!({"n": 1})).await.unwrap();
    let second = invoke(&function, json!({"n": 2})).await.unwrap();
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(second["payload"], json!({"n": 2}));
    assert!(second["deadline"].as_str().unwrap().parse::<u64>().unwrap() > 1_700_000_000_000);
    function.stop(Duration::ZERO).await;
    assert!(matches!(
        invoke(&function, json!({})).await,
        Err(InvokeError::Stopping)
    ));
}

#[tokio::test]
async fn after_a_function_error_the_process_is_used_again() {
    let function = Function::new(FunctionSettings::example());
    let first = invoke(&function, json!({})).await.unwrap();
    let error = invoke(&function, json!({"do": "fail"})).await.unwrap_err();
    assert_eq!(error.body(), r#"{"errorType":"Bad"}"#);
    assert_eq!(invoke(&function, json!({})).await.unwrap()["pid"], first["pid"]);
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn an_answer_to_another_invocation_is_refused() {
    let function = Function::new(FunctionSettings::example());
    assert_eq!(
        invoke(&function, json!({"do": "stale"})).await.unwrap(),
        json!({"status": 400})
    );
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_process_that_exits_fails_its_invocation_and_is_replaced() {
    let function = Function::new(FunctionSettings::example());
    let error = invoke(&function, json!({"do": "exit"})).await.unwrap_err();
    assert_eq!(error.error_type(), "Runtime.ExitError");
    assert_eq!(error.to_string(), "the runtime exited: exit status: 7");
    invoke(&function, json!({})).await.unwrap();
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn an_invocation_that_hangs_is_killed_at_its_timeout() {
    let mut settings = FunctionSettings::example();
    settings.timeout = Duration::from_millis(250);
    let function = Function::new(settings);
    // On a busy machine, even this answer may take longer than the timeout. Then ask another process.
    let process = async || {
        loop {
            if let Ok(answer) = invoke(&function, json!({})).await {
                return answer["pid"].clone();
            }
        }
    };
    let before = process().await;
    let error = invoke(&function, json!({"do": "hang"})).await.unwrap_err();
    assert_eq!(error.to_string(), "Task timed out after 0.25 seconds");
    assert_eq!(error.error_type(), "Sandbox.Timedout");
    assert_ne!(process().await, before);
    function.stop(Duration::ZERO).await;
}

/// Waits until no process with this id is left.
async fn ended(pid: &Value) {
    let path = format!("/proc/{pid}");
    let gone = async {
        while std::path::Path::new(&path).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_is_idle_for_long_is_ended() {
    let mut settings = FunctionSettings::example();
    settings.lifetime.idle = Duration::from_millis(100);
    let function = Function::new(settings);
    let first = invoke(&function, json!({})).await.unwrap();
    ended(&first["pid"]).await;
    assert_eq!(function.monitor().condition().unwrap().idle_processes, 0);
    let second = invoke(&function, json!({})).await.unwrap();
    assert_ne!(first["pid"], second["pid"]);
    function.stop(Duration::ZERO).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_is_always_busy_is_ended_when_it_is_old() {
    let mut settings = FunctionSettings::example();
    settings.concurrency = 1;
    settings.lifetime.total = Duration::from_millis(300);
    let function = Function::new(settings);
    let first = invoke(&function, json!({})).await.unwrap()["pid"].clone();
    let other = async { while invoke(&function, json!({})).await.unwrap()["pid"] == first {} };
    tokio::time::timeout(Duration::from_mins(1), other).await.unwrap();
    ended(&first).await;
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_start_failure_is_kept_until_a_process_starts() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("bootstrap");
    let mut settings = FunctionSettings::example();
    let (found, arguments) = (program.clone(), example_function::arguments(CHILD));
    settings.launcher = Launcher::new(move |_| Command {
        program: found.clone(),
        arguments: arguments.clone(),
    });
    let function = Function::new(settings);
    assert_eq!(function.monitor().condition().unwrap().start_failure, None);
    assert!(function.warm().await.is_err());
    let failure = function.monitor().condition().unwrap().start_failure.unwrap();
    assert!(failure.contains("could not be started"), "{failure}");
    std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &program).unwrap();
    invoke(&function, json!({})).await.unwrap();
    assert_eq!(function.monitor().condition().unwrap().start_failure, None);
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let mut settings = FunctionSettings::example();
    settings
        .environment
        .insert("FAIL_INIT".to_owned(), "1".to_owned());
    let function = Function::new(settings);
    let error = invoke(&function, json!({})).await.unwrap_err();
    assert_eq!(error.body(), r#"{"errorType":"Broken"}"#);
    function.stop(Duration::ZERO).await;

    let mut settings = FunctionSettings::example();
    settings.launcher = Launcher::new(|_| Command {
        program: "/nowhere/at/all".into(),
        arguments: vec![],
    });
    let error = invoke(&Function::new(settings), json!({})).await.unwrap_err();
    assert_eq!(error.error_type(), "Runtime.InvalidEntrypoint");
}

#[tokio::test]
async fn processes_are_limited_and_the_others_wait_for_one() {
    let mut settings = FunctionSettings::example();
    settings.processes = 2;
    let function = Function::new(settings);
    let all = (0..20).map(|n| invoke(&function, json!({"n": n})));
    let mut pids = std::collections::BTreeSet::new();
    for answer in futures_util::future::join_all(all).await {
        pids.insert(answer.unwrap()["pid"].as_u64());
    }
    assert!(pids.len() <= 2, "{pids:?}");
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_stop_kills_an_invocation_that_does_not_end() {
    let function = Function::new(FunctionSettings::example());
    function.warm().await.unwrap();
    let hanging = tokio::spawn({
        let function = function.clone();
        async move { invoke(&function, json!({"do": "hang"})).await }
    });
    // This invocation starts when the first one has taken the warm process. So the first one hangs now.
    invoke(&function, json!({})).await.unwrap();
    function.stop(Duration::from_millis(50)).await;
    assert!(matches!(hanging.await.unwrap(), Err(InvokeError::Stopping)));
}

/// Prints the rate and the latency of one process. Run it with `--ignored --nocapture --release`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_one_process() {
    let mut settings = FunctionSettings::example();
    settings.processes = 1;
    let function = Function::new(settings);
    function.warm().await.unwrap();
    let mut latencies = Vec::new();
    let start = std::time::Instant::now();
    for _ in 0..5000 {
        let before = std::time::Instant::now();
        invoke(&function, json!({})).await.unwrap();
        latencies.push(before.elapsed());
    }
    latencies.sort();
    println!(
        "{:.0} invokes/s, p50 {:?}",
        5000.0 / start.elapsed().as_secs_f64(),
        latencies[2500]
    );
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn over_the_concurrency_limit_an_invocation_is_throttled_at_once() {
    let mut settings = FunctionSettings::example();
    settings.concurrency = 1;
    let function = Function::new(settings);
    let mut hanging = std::pin::pin!(invoke(&function, json!({"do": "hang"})));
    // An invocation counts from the first poll on.
    tokio::select! {
        biased;
        ended = &mut hanging => panic!("{ended:?}"),
        () = std::future::ready(()) => {}
    }
    let error = invoke(&function, json!({})).await.unwrap_err();
    assert!(matches!(error, InvokeError::Throttled), "{error}");
    assert_eq!(error.error_type(), "TooManyRequestsException");
    function.stop(Duration::ZERO).await;
    hanging.await.unwrap_err();
    // A place that has become free is used again.
    let mut settings = FunctionSettings::example();
    settings.concurrency = 1;
    let function = Function::new(settings);
    for n in 0..3 {
        invoke(&function, json!({"n": n})).await.unwrap();
    }
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn an_invocation_whose_caller_has_gone_is_not_started() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = FunctionSettings::example();
    settings.processes = 1;
    settings.environment.insert(
        "RECORD".to_owned(),
        directory.path().join("record").display().to_string(),
    );
    let function = Function::new(settings);
    // The first invocation fills the only process. The second one waits for it, and its caller goes.
    let first = invoke(&function, json!({"do": "record", "milliseconds": 300}));
    let second = async {
        let second = invoke(&function, json!({"do": "record", "milliseconds": 0}));
        tokio::time::timeout(Duration::from_millis(50), second)
            .await
            .unwrap_err();
    };
    let (first, ()) = tokio::join!(first, second);
    first.unwrap();
    // A third one comes after the second, so the second would have been recorded by now.
    invoke(&function, json!({"do": "record", "milliseconds": 0}))
        .await
        .unwrap();
    let recorded = std::fs::read_to_string(directory.path().join("record")).unwrap();
    assert_eq!(recorded.lines().count(), 2, "{recorded}");
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn an_invocation_whose_caller_goes_while_the_process_starts_is_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");
    let mut settings = FunctionSettings::example();
    settings
        .environment
        .insert("RECORD".to_owned(), record.display().to_string());
    let function = Function::new(settings);
    // Polled once, it starts a process. No process asks for work that soon.
    let first = invoke(&function, json!({"do": "record", "milliseconds": 0}));
    tokio::time::timeout(Duration::from_millis(1), first)
        .await
        .unwrap_err();
    invoke(&function, json!({"do": "record", "milliseconds": 0}))
        .await
        .unwrap();
    invoke(&function, json!({})).await.unwrap();
    assert_eq!(std::fs::read_to_string(record).unwrap().lines().count(), 1);
    function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn invocations_errors_and_throttles_are_counted_apart() {
    let settings = FunctionSettings {
        concurrency: 1,
        ..FunctionSettings::example()
    };
    let cloud_watch = settings.cloud_watch.clone();
    let function = Function::new(settings);
    assert!(invoke(&function, json!({})).await.is_ok());
    assert!(invoke(&function, json!({"do": "fail"})).await.is_err());
    // The first is polled first, and takes the only place.
    let (first, second) = tokio::join!(
        biased;
        invoke(&function, json!({})),
        invoke(&function, json!({}))
    );
    assert!(first.is_ok());
    assert!(matches!(second, Err(InvokeError::Throttled)));
    let text = cloud_watch.prometheus();
    for line in [
        r#"aws_lambda_invocations_sum{function_name="example"} 3"#,
        r#"aws_lambda_errors_sum{function_name="example"} 1"#,
        r#"aws_lambda_throttles_sum{function_name="example"} 1"#,
        r#"aws_lambda_concurrent_executions{function_name="example"} 1"#,
        r#"aws_lambda_duration_count{function_name="example"} 3"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}
