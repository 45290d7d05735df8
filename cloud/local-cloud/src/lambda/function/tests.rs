//! Functions as real processes: the test program runs itself again as the child.

use serde_json::{Value, json};

use super::*;
use crate::lambda::Command;

/// The name under which the child's test is found.
const CHILD: &str = "lambda::function::tests::child";

impl FunctionSettings {
    /// A function whose process is [`child`].
    pub(crate) fn example() -> Self {
        let program = std::env::current_exe().unwrap();
        let arguments = ["--exact", CHILD, "--ignored", "--nocapture"]
            .map(Into::into)
            .to_vec();
        let command = Command { program, arguments };
        Self {
            name: "example".to_owned(),
            arn: "arn:aws:lambda:us-east-1:000000000000:function:example".to_owned(),
            binary: "example".to_owned(),
            handler: "bootstrap".to_owned(),
            memory_megabytes: 128,
            timeout: Duration::from_mins(1),
            environment: BTreeMap::new(),
            concurrency: 4,
            region: "us-east-1".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:4566".to_owned(),
            credentials: Credentials::generate(),
            launcher: Launcher::new(move |_| command.clone()),
            log: LogSink::tracing("example"),
            faults: Faults::default(),
        }
    }
}

/// A bootstrap that does what its payload says.
#[tokio::test]
#[ignore = "it is the child process of the other tests"]
async fn child() {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else {
        return;
    };
    let runtime = format!("http://{api}/2018-06-01/runtime");
    let client = reqwest::Client::new();
    let post =
        async |path: &str, body: Value| client.post(format!("{runtime}/{path}")).json(&body).send().await;
    if std::env::var("FAIL_INIT").is_ok() {
        post("init/error", json!({"errorType": "Broken"})).await.unwrap();
        std::process::exit(1);
    }
    std::thread::spawn(|| {
        // The parent holds the other end: its end of file means that the parent is gone.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
        std::process::exit(0);
    });
    loop {
        let Ok(next) = client.get(format!("{runtime}/invocation/next")).send().await else {
            return;
        };
        let id = next.headers()["lambda-runtime-aws-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let deadline = next.headers()["lambda-runtime-deadline-ms"]
            .to_str()
            .unwrap()
            .to_owned();
        let payload: Value = next.json().await.unwrap();
        // A message says by its body what is to be done with its batch.
        let action = payload["do"]
            .as_str()
            .or_else(|| payload["Records"][0]["body"].as_str());
        match action {
            Some("report") => {
                let failed = json!([{"itemIdentifier": payload["Records"][0]["messageId"]}]);
                let answer = json!({"batchItemFailures": failed});
                post(&format!("invocation/{id}/response"), answer).await.unwrap();
            }
            Some("exit") => std::process::exit(7),
            Some("hang") => std::future::pending().await,
            Some("fail") => {
                post(&format!("invocation/{id}/error"), json!({"errorType": "Bad"}))
                    .await
                    .unwrap();
            }
            Some("stale") => {
                let stale = uuid::Uuid::new_v4();
                let refused = post(&format!("invocation/{stale}/response"), json!({}))
                    .await
                    .unwrap();
                let status = json!({"status": refused.status().as_u16()});
                post(&format!("invocation/{id}/response"), status).await.unwrap();
            }
            _ if payload["httpMethod"].is_string() => {
                post(&format!("invocation/{id}/response"), proxy_response(&payload))
                    .await
                    .unwrap();
            }
            _ => {
                let answer = json!({"pid": std::process::id(), "payload": payload, "deadline": deadline});
                post(&format!("invocation/{id}/response"), answer).await.unwrap();
            }
        }
    }
}

/// What the last segment of a request's path asks for.
fn proxy_response(event: &Value) -> Value {
    match event["path"].as_str() {
        Some("/echo/malformed") => json!("not a response"),
        Some("/echo/slow") => {
            std::thread::sleep(Duration::from_hours(1));
            json!({"statusCode": 200})
        }
        _ => json!({
            "statusCode": 201,
            "headers": {"X-Method": event["httpMethod"]},
            "body": event["body"].as_str().map_or(0, str::len).to_string(),
        }),
    }
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
async fn a_functions_own_error_keeps_its_process() {
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
    // On a busy machine an answer may take longer than the timeout, too: then another process is asked.
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
async fn concurrency_is_limited_and_the_others_queue() {
    let mut settings = FunctionSettings::example();
    settings.concurrency = 2;
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
async fn a_stop_kills_what_does_not_end() {
    let function = Function::new(FunctionSettings::example());
    function.warm().await.unwrap();
    let hanging = tokio::spawn({
        let function = function.clone();
        async move { invoke(&function, json!({"do": "hang"})).await }
    });
    // The second invocation runs once the first has taken the warm process: then the first one hangs.
    invoke(&function, json!({})).await.unwrap();
    function.stop(Duration::from_millis(50)).await;
    assert!(matches!(hanging.await.unwrap(), Err(InvokeError::Stopping)));
}

/// Prints the rate and latency of one process: run with `--ignored --nocapture --release`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_one_process() {
    let mut settings = FunctionSettings::example();
    settings.concurrency = 1;
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
