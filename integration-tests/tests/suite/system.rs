//! A system under test: starts it, speaks to it, stops it in every way.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use tempfile::TempDir;

/// The operator's command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_orders-under-test");
/// Far over what a condition takes on a busy machine: only a failure waits this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A system that runs. It is killed when it is dropped.
pub(crate) struct System {
    child: Child,
    pub(crate) api_url: String,
    pub(crate) aws_endpoint_url: String,
    http: reqwest::Client,
}

/// Where a system keeps its state over restarts.
pub(crate) struct Home {
    directory: TempDir,
}

/// A response of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The operator's command on the system that runs here, if one does.
    pub(crate) fn orderctl(&self) -> Command {
        let mut command = orderctl();
        command.arg("--data-dir").arg(self.data_dir());
        command
    }

    /// The line that starts a system here, on free ports.
    pub(crate) fn up(&self) -> Command {
        let mut command = self.orderctl();
        command.args(["up", "--api-port", "0", "--aws-port", "0", "--ready-file"]);
        command.arg(self.file("ready.json"));
        command
    }

    pub(crate) async fn start(&self) -> System {
        self.start_with(&[]).await
    }

    /// Starts a system and waits until it says that it is ready.
    pub(crate) async fn start_with(&self, arguments: &[&str]) -> System {
        let ready_file = self.file("ready.json");
        // A killed system leaves its file behind.
        let _ = std::fs::remove_file(&ready_file);
        let log = std::fs::File::create(self.file("up.log")).unwrap();
        let mut child = self
            .up()
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let ready = eventually("the system is ready", async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!(
                    "up ended with {status}: {}",
                    std::fs::read_to_string(self.file("up.log")).unwrap()
                );
            }
            let text = std::fs::read_to_string(&ready_file).ok()?;
            Some(serde_json::from_str::<Value>(&text).unwrap())
        })
        .await;
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        System {
            child,
            api_url: text("api_url"),
            aws_endpoint_url: text("aws_endpoint_url"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }
}

impl System {
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request to the API.
    pub(crate) async fn request(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> Answer {
        self.try_request(request).await.unwrap()
    }

    /// Sends a request to a system that may be dying.
    pub(crate) async fn try_request(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<Answer> {
        let response = request(&self.http, &self.api_url).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?;
        Ok(Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    /// Posts an order.
    pub(crate) async fn post(&self, order: &Value) -> Answer {
        self.request(|http, url| http.post(format!("{url}/orders")).json(order))
            .await
    }

    /// Posts a valid order and gives its id.
    pub(crate) async fn place(&self, order: &Value) -> String {
        let answer = self.post(order).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["order_id"].as_str().unwrap().to_owned()
    }

    /// Waits until the order is stored, and gives what the API says of it.
    pub(crate) async fn stored(&self, id: &str) -> Value {
        self.order_where(id, |_| true).await
    }

    /// Waits until the order was told of by email.
    pub(crate) async fn notified(&self, id: &str) -> Value {
        self.order_where(id, |order| order["status"] == "notified").await
    }

    async fn order_where(&self, id: &str, is_right: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("order {id} has come so far"), async || {
            let answer = self
                .request(|http, url| http.get(format!("{url}/orders/{id}")))
                .await;
            match answer.status {
                200 => Some(answer.body).filter(|order| is_right(order)),
                404 => None,
                status => panic!("GET answers {status}: {}", answer.body),
            }
        })
        .await
    }

    /// Runs the operator's command against this system, to its end.
    pub(crate) fn orderctl(&self, arguments: &[&str]) -> Output {
        orderctl()
            .args([
                "--api-url",
                &self.api_url,
                "--aws-endpoint-url",
                &self.aws_endpoint_url,
            ])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The JSON Lines that a command prints.
    pub(crate) fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.orderctl(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The emails whose subject or body names the order.
    pub(crate) fn mail_about(&self, id: &str) -> Vec<Value> {
        let mail = self.json_lines(&["inbox", "--json"]);
        mail.into_iter()
            .filter(|mail| mail["body"].as_str().unwrap().contains(id))
            .collect()
    }

    /// Waits for the first letter about `token` in a dead-letter queue.
    pub(crate) async fn dead_letter(&self, token: &str) -> Value {
        eventually(&format!("a dead letter holds {token}"), async || {
            let letters = self.json_lines(&["dlq", "list", "--json"]);
            letters
                .into_iter()
                .find(|letter| letter["body"].as_str().unwrap().contains(token))
        })
        .await
    }

    /// An SQS client that we did not write.
    pub(crate) async fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.sdk_config().await)
    }

    /// A DynamoDB client that we did not write.
    pub(crate) async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config().await)
    }

    async fn sdk_config(&self) -> aws_config::SdkConfig {
        aws_config::defaults(BehaviorVersion::v2026_01_12())
            .endpoint_url(&self.aws_endpoint_url)
            .region("us-east-1")
            .credentials_provider(aws_sdk_sqs::config::Credentials::for_tests())
            .load()
            .await
    }

    /// Puts a body on a queue, past the API.
    pub(crate) async fn send(&self, queue: &str, body: &str) {
        let sqs = self.sqs().await;
        sqs.send_message()
            .queue_url(queue)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    /// How many messages a queue holds, in flight or not.
    pub(crate) async fn queue_depth(&self, queue: &str) -> u64 {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let sqs = self.sqs().await;
        let request = sqs
            .get_queue_attributes()
            .queue_url(queue)
            .set_attribute_names(Some(names.to_vec()));
        let attributes = request.send().await.unwrap().attributes.unwrap();
        names
            .iter()
            .map(|name| attributes[name].parse::<u64>().unwrap())
            .sum()
    }

    /// How many rows the table holds.
    pub(crate) async fn rows(&self) -> i32 {
        self.dynamodb()
            .await
            .scan()
            .table_name("orders")
            .send()
            .await
            .unwrap()
            .count
    }

    /// Asks it to stop, as Ctrl-C or a service manager does, and waits for its end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        signal("TERM", self.process_id());
        self.ended().await
    }

    /// Ends it as a crash does: no line of its code runs any more.
    pub(crate) async fn kill(&mut self) {
        signal("KILL", self.process_id());
        self.ended().await;
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        eventually("the process has ended", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // The functions see their input end, and follow.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The operator's command in an environment that says nothing of a system.
pub(crate) fn orderctl() -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env_remove("AWS_ENDPOINT_URL")
        .env_remove("ORDERS_API_URL")
        .env("NO_COLOR", "1");
    command
}

/// Sends a signal by the system's own command: the standard library has none for others than SIGKILL.
pub(crate) fn signal(name: &str, process_id: u32) {
    let status = Command::new("kill")
        .args([format!("-{name}"), process_id.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// The processes that a process started.
pub(crate) fn children_of(process_id: u32) -> Vec<u32> {
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.lines().map(|line| {
        line.split_whitespace()
            .map(|number| number.parse::<u32>().unwrap())
    });
    let pairs = pairs.map(|mut numbers| (numbers.next().unwrap(), numbers.next().unwrap()));
    pairs
        .filter(|(_, parent)| *parent == process_id)
        .map(|(child, _)| child)
        .collect()
}

/// Whether a process still runs (one that only waits to be reaped does not).
pub(crate) fn is_alive(process_id: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &process_id.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// Waits until a condition gives a value.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "after {PATIENCE:?} it is not so that {what}"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// A file of the samples.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(name)
}

/// A sample order.
pub(crate) fn sample(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sample_path(name)).unwrap()).unwrap()
}
