//! Tests of the endpoint over HTTP that boto3 cannot make.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::{Duration, Instant};

use local_cloud::endpoint::AwsEndpoint;
use local_cloud::services::{Services, ServicesConfig};
use local_cloud::store::Durability;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start() -> (AwsEndpoint, Services, String) {
    let listener = local_cloud::http::Listener::bind(0).await.unwrap();
    let url = listener.url();
    let config = ServicesConfig {
        directory: None,
        durability: Durability::Process,
        base_url: url.clone(),
        region: "us-east-1".to_owned(),
        confirm_emails: true,
        access_keys: local_cloud::iam::AccessKeys::default(),
    };
    let services = Services::open(config).await.unwrap();
    (AwsEndpoint::start(listener, services.backend()), services, url)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn sqs(url: &str, operation: &str, request: Value) -> reqwest::Response {
    let target = format!("AmazonSQS.{operation}");
    client()
        .post(url)
        .header("x-amz-target", target)
        .body(request.to_string())
        .send()
        .await
        .unwrap()
}

/// Opens a connection and writes a request to it.
async fn open(endpoint: &AwsEndpoint, request: &str) -> TcpStream {
    let mut connection = TcpStream::connect(endpoint.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn it_stops_within_a_second_although_long_polls_are_open() {
    let (endpoint, services, url) = start().await;
    sqs(&url, "CreateQueue", json!({"QueueName": "q"})).await;
    let poll = json!({"QueueUrl": "q", "WaitTimeSeconds": 20}).to_string();
    let poll = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\ncontent-length: {}\r\n\r\n{poll}",
        poll.len()
    );
    let mut poll = open(&endpoint, &poll).await;
    let mut mail = open(
        &endpoint,
        "GET /_local/mail?wait=20 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    )
    .await;
    // Requests are read in the order of arrival. When this one is answered, both polls are waiting.
    client().get(format!("{url}/_local/health")).send().await.unwrap();
    let begun = Instant::now();
    endpoint.stop().await;
    services.close().await;
    // Much shorter than the polls' wait, and much longer than a busy machine needs.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    for connection in [&mut poll, &mut mail] {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_errors_have_the_codes_that_tools_know() {
    let (endpoint, services, url) = start().await;
    let answer = sqs(&url, "GetQueueUrl", json!({"QueueName": "none"})).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.headers().contains_key("x-amzn-requestid"));
    assert_eq!(
        answer.headers()["x-amzn-query-error"],
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    let unsigned = "Action=Publish&Version=2010-03-31&Message=from-a-web-page";
    for (body, status) in [("", 400), ("\u{0}\u{1}%%%", 400), (unsigned, 403)] {
        let answer = client().post(&url).body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{body:?}");
        assert!(answer.headers().contains_key("x-amzn-requestid"));
    }
    endpoint.stop().await;
    services.close().await;
}

#[tokio::test]
async fn another_host_name_is_refused() {
    let (endpoint, services, url) = start().await;
    let health = format!("{url}/_local/health");
    let answer = client()
        .get(&health)
        .header("host", "evil.example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(client().get(&health).send().await.unwrap().status(), 200);
    endpoint.stop().await;
    services.close().await;
}

/// A lost response has no bytes at all. The client sees that the connection ends, and cannot know whether the
/// call had its effect.
#[tokio::test]
async fn a_lost_response_leaves_not_a_byte_and_its_effect() {
    let (endpoint, services, url) = start().await;
    // Faults apply to calls of functions, and a function needs a policy that allows the call.
    let policy = json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}});
    let queue = json!({"QueueName": "q", "Attributes": {"Policy": policy.to_string()}});
    sqs(&url, "CreateQueue", queue).await;
    services
        .access_keys
        .register("AKIAFUNCTION", "secret", "role", "worker");
    let faults = format!("{url}/_local/faults");
    let plan = "seed: 1\ncalls: [{operations: ['sqs:SendMessage'], lost_response: 1}]";
    let state: Value = client()
        .put(&faults)
        .body(plan)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(state, json!({"active": true, "injected": {}, "outages": []}));

    let message = json!({"QueueUrl": "q", "MessageBody": "m"}).to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AmazonSQS.SendMessage\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=AKIAFUNCTION/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n\
         content-length: {}\r\n\r\n{message}",
        message.len()
    );
    let mut connection = open(&endpoint, &request).await;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "");

    let state: Value = client()
        .delete(&faults)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        state,
        json!({"active": false, "injected": {"lost_response": {"sqs:SendMessage": 1}}, "outages": []})
    );
    let received: Value = sqs(&url, "ReceiveMessage", json!({"QueueUrl": "q"}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(received["Messages"][0]["Body"], "m");
    endpoint.stop().await;
    services.close().await;
}

#[tokio::test]
async fn a_queue_is_woken_by_its_name() {
    let (endpoint, services, url) = start().await;
    sqs(&url, "CreateQueue", json!({"QueueName": "q"})).await;
    let delayed = json!({"QueueUrl": "q", "MessageBody": "m", "DelaySeconds": 900});
    sqs(&url, "SendMessage", delayed).await;
    let wake = async |queue: &str| {
        let request = client().put(format!("{url}/_local/queues/{queue}/wake"));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(wake("q").await, (200, json!({"woken": 1})));
    assert_eq!(wake("q").await, (200, json!({"woken": 0})));
    assert_eq!(wake("p").await.0, 404);
    endpoint.stop().await;
    services.close().await;
}

#[tokio::test]
async fn a_malformed_fault_plan_is_refused_with_the_reason() {
    let (endpoint, services, url) = start().await;
    let answer = client()
        .put(format!("{url}/_local/faults"))
        .body("sede: 1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let answer: Value = answer.json().await.unwrap();
    assert!(
        answer["error"].as_str().unwrap().contains("unknown field `sede`"),
        "{answer}"
    );
    endpoint.stop().await;
    services.close().await;
}
