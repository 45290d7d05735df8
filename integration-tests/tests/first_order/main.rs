//! A new process of a function, whose AWS has TLS: what it does before its first event.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod tls;

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::Listener as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tls::TlsListener;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::time::timeout;

/// Far more than a start takes. A test that waits so long fails.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// The settings of all functions. Each reads its own.
const ENVIRONMENT: [(&str, &str); 25] = [
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    (
        "ORDERS_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/000000000000/orders",
    ),
    (
        "ORDERS_DLQ_URL",
        "https://sqs.us-east-1.amazonaws.com/000000000000/orders-dlq",
    ),
    (
        "RETRY_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/000000000000/orders-retry",
    ),
    (
        "NOTIFICATIONS_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/000000000000/notifications",
    ),
    (
        "NOTIFICATIONS_DLQ_URL",
        "https://sqs.us-east-1.amazonaws.com/000000000000/notifications-dlq",
    ),
    (
        "ORDER_EVENTS_TOPIC_ARN",
        "arn:aws:sns:us-east-1:000000000000:order-events",
    ),
    (
        "ORDER_EMAILS_TOPIC_ARN",
        "arn:aws:sns:us-east-1:000000000000:order-emails",
    ),
    ("ORDERS_TABLE", "orders"),
    ("CUSTOMER_INDEX", "by_customer_keys"),
    ("CLAIMS_TABLE", "order-claims"),
    ("CLAIM_RETENTION_DAYS", "30"),
    ("MAX_RETRY_SECONDS", "86400"),
    ("MAX_EMAILS_PER_SECOND", "8"),
    ("NOTIFIER_CONCURRENCY", "2"),
    ("NOTIFIER_RETRY_CONCURRENCY", "2"),
    ("DIGEST_THRESHOLD", "10"),
    ("EMAILS_WANTED", "true"),
    ("BOOKS_TABLE", "books"),
    ("UPLOADS_BUCKET", "uploads"),
    ("COVERS_BUCKET", "covers"),
];

/// The requests that AWS saw: the operation of a call, or the method and the path of another request.
type Seen = Arc<Mutex<Vec<String>>>;

/// An AWS in which no order is stored, and every write succeeds. To a request without an operation it answers as DynamoDB does.
async fn answer(
    State(seen): State<Seen>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> String {
    let Some(target) = headers.get("x-amz-target") else {
        let credentials = headers.get("authorization").map_or("", |_| " with credentials");
        seen.lock()
            .unwrap()
            .push(format!("{method} {uri}{credentials}{body}"));
        return "healthy: 127.0.0.1".to_owned();
    };
    let target = target.to_str().unwrap();
    let (_, operation) = target.split_once('.').unwrap();
    seen.lock().unwrap().push(operation.to_owned());
    let answer = match operation {
        "GetItem" => json!({}),
        "BatchExecuteStatement" => json!({"Responses": [{"TableName": "order-claims"}]}),
        "SendMessage" => json!({"MessageId": "m", "MD5OfMessageBody": "d"}),
        other => panic!("{other}"),
    };
    answer.to_string()
}

/// The ends of the Runtime API for the test.
struct RuntimeApi {
    address: String,
    /// Has a value for each time that the process asks for an event.
    asked: mpsc::Receiver<()>,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Value>,
}

impl RuntimeApi {
    async fn start() -> Self {
        let (asks, asked) = mpsc::channel(1);
        let (events, next) = mpsc::channel::<Value>(1);
        let (answered, answers) = mpsc::channel(1);
        let next = Arc::new(AsyncMutex::new(next));
        let next = async move || {
            asks.send(()).await.unwrap();
            // Without an event the request stays open until the process is killed.
            let event = next.lock().await.recv().await.unwrap();
            let headers = [
                (
                    "lambda-runtime-aws-request-id",
                    "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                ),
                ("lambda-runtime-deadline-ms", "32503680000000"),
                (
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:us-east-1:000000000000:function:order-api",
                ),
            ];
            (headers, event.to_string()).into_response()
        };
        let answered =
            async move |body: String| answered.send(serde_json::from_str(&body).unwrap()).await.unwrap();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            asked,
            events,
            answers,
        }
    }
}

/// A new process of a function that waits for its first event, and its AWS.
struct Function {
    runtime: RuntimeApi,
    seen: Seen,
    connections: Arc<AtomicUsize>,
    _process: Child,
    _directory: TempDir,
}

impl Function {
    async fn start(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = directory.path().join("authority.pem");
        let listener = TlsListener::bind(&authority).await;
        let connections = Arc::clone(&listener.connections);
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let seen = Seen::default();
        let aws = Router::new().fallback(answer).with_state(Arc::clone(&seen));
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, aws).await });
        let mut runtime = RuntimeApi::start().await;
        let process = Command::new(env!("CARGO_BIN_EXE_orders-under-test"))
            .args(["service", name])
            .env_clear()
            .envs(ENVIRONMENT)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("SSL_CERT_FILE", authority)
            .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            // The process ends when its standard input does.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        timeout(MAX_WAIT, runtime.asked.recv()).await.unwrap().unwrap();
        Self {
            runtime,
            seen,
            connections,
            _process: process,
            _directory: directory,
        }
    }

    /// The number of open connections, and the requests that came over them.
    fn connections(&self) -> (usize, Vec<String>) {
        (
            self.connections.load(Ordering::Relaxed),
            self.seen.lock().unwrap().clone(),
        )
    }
}

#[tokio::test]
async fn a_function_opens_its_connections_before_the_first_event() {
    for name in ["order-api", "order-worker", "notifier"] {
        let function = Function::start(name).await;
        let pings = ["GET /ping", "GET /ping"].map(str::to_owned).to_vec();
        assert_eq!(function.connections(), (2, pings), "{name}");
    }
    let function = Function::start("catalog-api").await;
    assert_eq!(function.connections(), (1, vec!["GET /ping".to_owned()]));
}

#[tokio::test]
async fn the_first_order_needs_no_new_connection() {
    let mut function = Function::start("order-api").await;
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/order-api-post.json");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(sample).unwrap()).unwrap();
    function.runtime.events.send(event).await.unwrap();
    let answer = timeout(MAX_WAIT, function.runtime.answers.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let (connections, requests) = function.connections();
    assert_eq!(requests[2..], ["GetItem", "BatchExecuteStatement", "SendMessage"]);
    assert_eq!(connections, 2);
}
