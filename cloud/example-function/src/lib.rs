//! A function for the tests of Lambda and of its callers: a Lambda runtime that does what its payload says.
//!
//! A test program runs itself again as the function's process: it has an ignored test that calls [`run`], and functions
//! with a [`launcher`] or [`settings`] that start it.
//!
//! Imports `cloud-cloudwatch`, `cloud-faults` and `cloud-lambda` of the workspace, and only tests import it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use cloud_billing::Meter;
use cloud_cloudwatch::CloudWatch;
use cloud_faults::Faults;
use cloud_lambda::{AwsService, Command, Credentials, FunctionSettings, Launcher, LogSink, ProcessLifetime};
use serde_json::{Value, json};

/// The arguments with which a test program runs nothing but one of its ignored tests, whose path is `test`.
#[must_use]
pub fn arguments(test: &str) -> Vec<OsString> {
    ["--exact", test, "--ignored", "--nocapture"]
        .map(Into::into)
        .to_vec()
}

/// Starts this test program again with its ignored test `test`, which has to call [`run`].
#[must_use]
pub fn launcher(test: &str) -> Launcher {
    let arguments = arguments(test);
    Launcher::new(move |_| Command {
        // Where the system does not tell, the start of the function fails with an empty path.
        program: std::env::current_exe().unwrap_or_default(),
        arguments: arguments.clone(),
    })
}

/// A function whose process is this test program again, with its ignored test `test`, which has to call [`run`].
#[must_use]
pub fn settings(test: &str) -> FunctionSettings {
    FunctionSettings {
        name: "example".to_owned(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:example".to_owned(),
        binary: "example".to_owned(),
        handler: "bootstrap".to_owned(),
        memory_megabytes: 128,
        timeout: Duration::from_mins(1),
        environment: BTreeMap::new(),
        concurrency: 1000,
        processes: 4,
        region: "us-east-1".to_owned(),
        aws_endpoint_url: "http://127.0.0.1:4566".to_owned(),
        aws: AwsService::none(),
        credentials: Credentials::generate(),
        launcher: launcher(test),
        lifetime: ProcessLifetime::default(),
        log: LogSink::tracing("example"),
        cloud_watch: CloudWatch::default(),
        meter: Meter::default(),
        faults: Faults::default(),
    }
}

/// Serves invocations until the Runtime API is gone. Without one (somebody ran the ignored test by hand) it returns at once.
///
/// # Errors
/// An answer that could not be given.
pub async fn run() -> Result<(), reqwest::Error> {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else {
        return Ok(());
    };
    let runtime = format!("{api}/2018-06-01/runtime");
    let client = reqwest::Client::new();
    let post =
        async |path: &str, body: Value| client.post(format!("{runtime}/{path}")).json(&body).send().await;
    if std::env::var("FAIL_INIT").is_ok() {
        post("init/error", json!({"errorType": "Broken"})).await?;
        std::process::exit(1);
    }
    std::thread::spawn(|| {
        // The parent holds the other end of the pipe. End of file means that the parent has ended.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
        std::process::exit(0);
    });
    loop {
        let Ok(next) = client.get(format!("{runtime}/invocation/next")).send().await else {
            return Ok(());
        };
        let header = |name: &str| String::from_utf8_lossy(next.headers()[name].as_bytes()).into_owned();
        let (id, deadline) = (
            header("lambda-runtime-aws-request-id"),
            header("lambda-runtime-deadline-ms"),
        );
        let payload: Value = next.json().await?;
        // For a batch, the body of the first message names the action, and for an event of S3, the key of the object.
        let record = &payload["Records"][0];
        let action = payload["do"]
            .as_str()
            .or_else(|| record["body"].as_str())
            .or_else(|| record["s3"]["object"]["key"].as_str());
        match action {
            Some("report") => {
                let failed = json!([{"itemIdentifier": payload["Records"][0]["messageId"]}]);
                let answer = json!({"batchItemFailures": failed});
                post(&format!("invocation/{id}/response"), answer).await?;
            }
            Some("exit") => std::process::exit(7),
            Some("hang") => std::future::pending().await,
            Some("record") => {
                let path = std::env::var("RECORD").unwrap_or_default();
                let mut options = std::fs::OpenOptions::new();
                let file = options.create(true).append(true).open(path);
                if file.and_then(|mut file| writeln!(file, "{id}")).is_err() {
                    std::process::exit(8);
                }
                let wait = payload["milliseconds"].as_u64().unwrap_or_default();
                std::thread::sleep(Duration::from_millis(wait));
                post(&format!("invocation/{id}/response"), json!({})).await?;
            }
            Some("fail") => {
                post(&format!("invocation/{id}/error"), json!({"errorType": "Bad"})).await?;
            }
            Some("stale") => {
                let stale = uuid::Uuid::new_v4();
                let refused = post(&format!("invocation/{stale}/response"), json!({})).await?;
                let status = json!({"status": refused.status().as_u16()});
                post(&format!("invocation/{id}/response"), status).await?;
            }
            _ if payload["httpMethod"].is_string() => {
                post(&format!("invocation/{id}/response"), proxy_response(&payload)).await?;
            }
            _ => {
                let answer = json!({"pid": std::process::id(), "payload": payload, "deadline": deadline});
                post(&format!("invocation/{id}/response"), answer).await?;
            }
        }
    }
}

/// Builds the response that the path asks for.
fn proxy_response(event: &Value) -> Value {
    match event["path"].as_str() {
        Some("/echo/malformed") => json!("not a response"),
        Some("/echo/event") => json!({"body": event.to_string()}),
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
