//! A system that runs inside the test.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::config::Credentials;
use integration_tests::upload_form::UploadForm;
use local_cloud::{Command, DataLocation, Launcher, LocalCloud, LocalCloudConfig, Running, StartError};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The operator's command, which is also the program of every function.
const PROGRAM: &str = env!("CARGO_BIN_EXE_orders-under-test");
/// The time between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The time limit of a whole test, far above the time that it takes on a busy machine.
pub(crate) const TEST_TIME_LIMIT: Duration = Duration::from_hours(2);

/// A running system. Its processes are killed when it is dropped.
pub(crate) struct System {
    pub(crate) running: Running,
    http: reqwest::Client,
    directory: TempDir,
    /// The conditions that the flows wait for, for the message after a timeout.
    pending: Mutex<BTreeSet<String>>,
}

impl System {
    /// Starts a system from this template.
    pub(crate) async fn start(template: &str) -> Result<Self, StartError> {
        let parameters = [
            ("ApiAuth", "NONE"),
            ("NotificationEmail", "shop@example.com"),
            ("NotificationsBatchSize", "10"),
            ("NotificationsBatchWindowSeconds", "0"),
        ];
        Self::start_with(template, &parameters).await
    }

    /// Starts a system from this template with these parameters.
    pub(crate) async fn start_with(template: &str, parameters: &[(&str, &str)]) -> Result<Self, StartError> {
        let directory = tempfile::tempdir().unwrap();
        let launcher = Launcher::new(|binary| Command {
            program: PROGRAM.into(),
            arguments: vec!["service".into(), binary.into()],
        });
        let parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = LocalCloudConfig {
            data: DataLocation::Directory(directory.path().to_owned()),
            parameters: parameters.collect(),
            ..LocalCloudConfig::new(template, launcher)
        };
        Ok(Self {
            running: LocalCloud::start(config).await?,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            directory,
            pending: Mutex::default(),
        })
    }

    fn aws_url(&self) -> &str {
        &self.running.endpoints().aws_endpoint_url
    }

    /// Calls SQS or DynamoDB as the operator. Returns the answer, or null for an error.
    pub(crate) async fn call(&self, target: &str, request: Value) -> Value {
        let service = if target.starts_with("AmazonSQS") {
            "sqs"
        } else {
            "dynamodb"
        };
        let call = self.signed(service).header("x-amz-target", target);
        let call = call.header("content-type", "application/x-amz-json-1.0");
        let answer = call.body(request.to_string()).send().await.unwrap();
        if answer.status().is_success() {
            read_json(answer).await
        } else {
            Value::Null
        }
    }

    /// Calls SNS as the operator.
    pub(crate) async fn sns(&self, fields: &[(&str, &str)]) {
        let form = fields.iter().map(|(name, value)| format!("{name}={value}"));
        let call = self.signed("sns").body(form.collect::<Vec<_>>().join("&"));
        let answer = call.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    fn signed(&self, service: &str) -> reqwest::RequestBuilder {
        let scope = format!("operator/20260101/us-east-1/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00");
        let call = self
            .http
            .post(self.aws_url())
            .header("authorization", authorization);
        call.header("x-amz-date", "20260101T000000Z")
    }

    /// Posts an order. Returns its id if it is accepted.
    pub(crate) async fn place(&self, order: &Value, key: &str) -> Option<String> {
        let url = format!("{}/orders", self.running.endpoints().api_url);
        let request = self.http.post(url).header("idempotency-key", key).json(order);
        let answer = read_json(request.send().await.unwrap()).await;
        Some(answer["order_id"].as_str()?.to_owned())
    }

    /// Waits until the API returns this status for an order.
    pub(crate) async fn wait_for_status(&self, id: &str, status: &str) {
        let path = format!("/orders/{id}");
        self.eventually(format!("order {id} is {status}"), async || {
            self.get(&path).await["status"] == status
        })
        .await;
    }

    /// Waits until the list of the sample's customer has an order.
    pub(crate) async fn wait_until_listed(&self, id: &str) {
        let path = format!(
            "/orders?customer_id={}",
            sample()["customer"]["id"].as_str().unwrap()
        );
        self.eventually(format!("order {id} is listed"), async || {
            let answer = self.get(&path).await;
            let orders = answer["orders"].as_array().map(Vec::as_slice).unwrap_or_default();
            orders.iter().any(|order| order["order_id"] == id)
        })
        .await;
    }

    /// Waits until a batch request is answered that its key belongs to another order.
    pub(crate) async fn wait_for_reused_key(&self, order: &Value, key: &str) {
        let entries = [key, "new-in-batch"].map(|key| json!({"idempotency_key": key, "order": order}));
        let url = format!("{}/orders/batch", self.running.endpoints().api_url);
        self.eventually(format!("key {key} is refused for another order"), async || {
            let request = self.http.post(&url).json(&json!({ "entries": entries }));
            let answer = read_json(request.send().await.unwrap()).await;
            answer["results"][0]["status"] == 422
        })
        .await;
    }

    /// Sends a request with a document, whatever the stored version is. Returns the status.
    pub(crate) async fn request(&self, method: reqwest::Method, path: &str, document: &Value) -> u16 {
        self.request_with_key(method, path, document, "").await
    }

    /// The same with an API key.
    pub(crate) async fn request_with_key(
        &self,
        method: reqwest::Method,
        path: &str,
        document: &Value,
        key: &str,
    ) -> u16 {
        let url = format!("{}{path}", self.running.endpoints().api_url);
        let request = self.http.request(method, url).header("if-match", "*");
        let request = request.header("x-api-key", key).json(document);
        request.send().await.unwrap().status().as_u16()
    }

    /// Sends a document, and returns that of the answer, or null for an error.
    pub(crate) async fn post(&self, path: &str, document: &Value) -> Value {
        let url = format!("{}{path}", self.running.endpoints().api_url);
        read_json(self.http.post(url).json(document).send().await.unwrap()).await
    }

    /// Sends a form with this boundary between its parts, as a browser does.
    pub(crate) async fn send_form(&self, url: &str, form: UploadForm) {
        let request = self.http.post(url).header("content-type", form.content_type);
        request.body(form.body).send().await.unwrap();
    }

    /// Lets all calls of these operations by functions fail until [`System::end_outage`].
    pub(crate) async fn begin_outage(&self, operations: &str) {
        let url = format!("{}/_local/faults/outages/test", self.aws_url());
        let request = self.http.put(url).json(&json!({"operations": [operations]}));
        assert!(request.send().await.unwrap().status().is_success());
    }

    pub(crate) async fn end_outage(&self) {
        let url = format!("{}/_local/faults/outages/test", self.aws_url());
        assert!(self.http.delete(url).send().await.unwrap().status().is_success());
    }

    /// Waits until a function's log has a text so often. The clock moves on by a second at each look.
    pub(crate) async fn hurry_until_logged(&self, function: &str, text: &str, count: usize) {
        let path = self.directory.path().join("logs").join(format!("{function}.log"));
        let url = format!("{}/_local/clock", self.aws_url());
        let what = format!("{function} logs {text} {count} times");
        self.eventually(what, async || {
            let step = json!({"advance_milliseconds": 1000});
            self.http.put(&url).json(&step).send().await.unwrap();
            std::fs::read_to_string(&path).is_ok_and(|log| log.matches(text).count() >= count)
        })
        .await;
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.running.endpoints().api_url);
        read_json(self.http.get(url).send().await.unwrap()).await
    }

    /// Sends a message to a queue.
    pub(crate) async fn send(&self, queue: &str, body: &str) {
        let request = json!({"QueueUrl": queue, "MessageBody": body});
        self.call("AmazonSQS.SendMessage", request).await;
    }

    /// Sends a message with so many attributes to a queue.
    pub(crate) async fn send_with_attributes(&self, queue: &str, body: &str, count: usize) {
        let attribute = |number| {
            (
                format!("a{number}"),
                json!({"DataType": "String", "StringValue": "v"}),
            )
        };
        let attributes: serde_json::Map<_, _> = (0..count).map(attribute).collect();
        let request = json!({"QueueUrl": queue, "MessageBody": body, "MessageAttributes": attributes});
        self.call("AmazonSQS.SendMessage", request).await;
    }

    /// Waits until a queue has a message of this kind: `Delayed`, or `NotVisible`, in flight.
    pub(crate) async fn wait_for_kind(&self, queue: &str, kind: &str) {
        let name = format!("ApproximateNumberOfMessages{kind}");
        let request = json!({"QueueUrl": queue, "AttributeNames": [name]});
        self.eventually(format!("{queue} has a message: {kind}"), async || {
            let answer = self.call("AmazonSQS.GetQueueAttributes", request.clone()).await;
            answer["Attributes"][&name]
                .as_str()
                .is_some_and(|count| count != "0")
        })
        .await;
    }

    /// Waits until a queue has so many visible messages.
    pub(crate) async fn wait_for_messages(&self, queue: &str, messages: &str) {
        let request = json!({"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]});
        self.eventually(format!("{queue} has {messages} visible messages"), async || {
            let answer = self.call("AmazonSQS.GetQueueAttributes", request.clone()).await;
            answer["Attributes"]["ApproximateNumberOfMessages"] == messages
        })
        .await;
    }

    /// Waits until a queue has no message, in flight or not.
    pub(crate) async fn wait_until_empty(&self, queue: &str) {
        let request = json!({"QueueUrl": queue, "AttributeNames": ["All"]});
        self.eventually(format!("{queue} is empty"), async || {
            let answer = self.call("AmazonSQS.GetQueueAttributes", request.clone()).await;
            let is_none = |name: &str| answer["Attributes"][name] == "0";
            is_none("ApproximateNumberOfMessages") && is_none("ApproximateNumberOfMessagesNotVisible")
        })
        .await;
    }

    /// Waits until a function's log contains a text.
    pub(crate) async fn wait_for_log(&self, function: &str, text: &str) {
        let path = self.directory.path().join("logs").join(format!("{function}.log"));
        let what = format!("{function} logs {text}");
        self.eventually(what, async || {
            std::fs::read_to_string(&path).is_ok_and(|log| log.contains(text))
        })
        .await;
    }

    /// Waits until a condition holds. The caller of the flows sets the timeout.
    async fn eventually(&self, what: String, mut condition: impl AsyncFnMut() -> bool) {
        self.pending.lock().unwrap().insert(what.clone());
        while !condition().await {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        self.pending.lock().unwrap().remove(&what);
    }

    /// Lists the conditions that do not hold yet.
    pub(crate) fn pending(&self) -> Vec<String> {
        self.pending.lock().unwrap().iter().cloned().collect()
    }

    /// A DynamoDB client with a function's own credentials.
    pub(crate) async fn dynamodb_as(&self, function: &str) -> aws_sdk_dynamodb::Client {
        let own = self.running.credentials(function).unwrap();
        let credentials = Credentials::new(
            &own.access_key_id,
            &own.secret_access_key,
            Some(own.session_token.clone()),
            None,
            "function",
        );
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .endpoint_url(self.aws_url())
            .region("us-east-1")
            .credentials_provider(credentials)
            .load()
            .await;
        aws_sdk_dynamodb::Client::new(&config)
    }
}

/// Reads an answer's body. Returns null if it is not JSON.
async fn read_json(answer: reqwest::Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null)
}

/// Reads the sample order.
pub(crate) fn sample() -> Value {
    serde_json::from_str(include_str!("../../../events/order.json")).unwrap()
}
