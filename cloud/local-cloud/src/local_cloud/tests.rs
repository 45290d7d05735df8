//! Tests of everything together: a small template, real services and real processes.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const TEMPLATE: &str = r"
Parameters:
  MaxReceiveCount: {Type: Number, Default: 5}
Resources:
  Work:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: work
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: !Ref MaxReceiveCount}
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Kept: {Type: AWS::SQS::Queue, Properties: {QueueName: kept}}
  Events: {Type: AWS::SNS::Topic, Properties: {TopicName: events}}
  ToWork:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Events, Protocol: sqs, Endpoint: !GetAtt Work.Arn, RawMessageDelivery: true}
  ToShop:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Events, Protocol: email, Endpoint: shop@example.com}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Timeout: 30
      Events:
        Echo: {Type: Api, Properties: {Path: '/echo/{how}', Method: ANY}}
        Work:
          Type: SQS
          Properties: {Queue: !GetAtt Work.Arn, FunctionResponseTypes: [ReportBatchItemFailures]}
Outputs:
  Url: {Value: !Sub 'https://x.execute-api.${AWS::Region}.amazonaws.com/Prod/'}
  Queue: {Value: !Ref Work}
";

/// The name under which the child's test is found.
const CHILD: &str = "local_cloud::tests::child";

/// The process of the example function.
#[tokio::test]
#[ignore = "it is the child process of the other tests"]
async fn child() {
    example_function::run().await.unwrap();
}

fn config(directory: &Path) -> LocalCloudConfig {
    LocalCloudConfig {
        data: DataLocation::Directory(directory.to_owned()),
        ..LocalCloudConfig::new(TEMPLATE, example_function::launcher(CHILD))
    }
}

/// Calls the AWS endpoint with the operator's access key.
async fn aws(running: &Running, target: &str, request: Value) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let service = if target.starts_with("AmazonSQS") {
        "sqs"
    } else {
        "dynamodb"
    };
    let response = http
        .post(&running.endpoints().aws_endpoint_url)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", target)
        .header("x-amz-date", "20260101T000000Z")
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, \
                 SignedHeaders=host, Signature=00"
            ),
        )
        .body(request.to_string())
        .send()
        .await
        .unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert!(status.is_success(), "{status} {body}");
    serde_json::from_str(&body).unwrap()
}

async fn send(running: &Running, queue: &str, body: &str) {
    let url = running.services().sqs.url(queue);
    aws(
        running,
        "AmazonSQS.SendMessage",
        json!({"QueueUrl": url, "MessageBody": body}),
    )
    .await;
}

/// Waits until the queue has this many ready messages and this many in flight.
async fn holds(running: &Running, queue: &str, ready: &str, in_flight: &str) {
    let url = running.services().sqs.url(queue);
    let settled = async {
        loop {
            let request = json!({"QueueUrl": url, "AttributeNames": ["All"]});
            let answer = aws(running, "AmazonSQS.GetQueueAttributes", request).await;
            let attributes = &answer["Attributes"];
            if attributes["ApproximateNumberOfMessages"] == ready
                && attributes["ApproximateNumberOfMessagesNotVisible"] == in_flight
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), settled)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_and_a_message_reach_the_function() {
    let directory = tempfile::tempdir().unwrap();
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    let endpoints = running.endpoints().clone();
    assert_eq!(Endpoints::read(directory.path()).unwrap(), endpoints);
    assert_eq!(running.outputs()["Url"], endpoints.api_url);
    let outputs: Value =
        serde_json::from_slice(&std::fs::read(directory.path().join("outputs.json")).unwrap()).unwrap();
    assert_eq!(
        outputs["Queue"],
        format!("{}/000000000000/work", endpoints.aws_endpoint_url)
    );
    assert_eq!(outputs["Queue"], running.services().sqs.url("work"));

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = http
        .post(format!("{}/echo/x", endpoints.api_url))
        .body("123")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.text().await.unwrap().as_str()
        ),
        (201, "3")
    );

    for number in 0..30 {
        send(&running, "work", &format!("{number}")).await;
    }
    holds(&running, "work", "0", "0").await;
    holds(&running, "dead", "0", "0").await;
    aws(
        &running,
        "DynamoDB_20120810.DescribeTable",
        json!({"TableName": "rows"}),
    )
    .await;
    let subscriptions = running.services().sns.subscriptions().await.unwrap();
    assert_eq!(subscriptions.len(), 2);
    running.stop().await;
    assert!(Endpoints::read(directory.path()).is_err());
    assert!(directory.path().join("logs/worker.log").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_keeps_the_state_and_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    let answer = running.invoke("worker", "{}".into()).await.unwrap().unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let pid = i32::try_from(answer["pid"].as_i64().unwrap()).unwrap();
    send(&running, "kept", "kept").await;
    send(&running, "work", "hang").await;
    holds(&running, "work", "0", "1").await;
    running.stop().await;
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    assert_eq!(
        rustix::process::test_kill_process(pid),
        Err(rustix::io::Errno::SRCH)
    );

    let mut again = config(directory.path());
    again
        .parameters
        .insert("MaxReceiveCount".to_owned(), "7".to_owned());
    let running = LocalCloud::start(again).await.unwrap();
    holds(&running, "kept", "1", "0").await;
    // The stop released the message of the hanging invocation, so it is received again at once.
    holds(&running, "work", "0", "1").await;
    let url = running.services().sqs.url("work");
    let answer = aws(
        &running,
        "AmazonSQS.GetQueueAttributes",
        json!({"QueueUrl": url, "AttributeNames": ["All"]}),
    )
    .await;
    let redrive = answer["Attributes"]["RedrivePolicy"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(redrive).unwrap()["maxReceiveCount"]
            .to_string()
            .trim_matches('"'),
        "7"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_is_refused_and_a_failed_start_releases_everything() {
    let directory = tempfile::tempdir().unwrap();
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    let error = LocalCloud::start(config(directory.path()))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("in use by process {}", std::process::id())),
        "{error}"
    );

    let other = tempfile::tempdir().unwrap();
    let mut taken = config(other.path());
    let port = running
        .endpoints()
        .api_url
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    taken.api_port = port;
    let error = LocalCloud::start(taken).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("port {port}")) && error.contains("--api-port"),
        "{error}"
    );
    running.stop().await;

    let mut other_key = config(directory.path());
    other_key.template = other_key
        .template
        .replace("AttributeName: id", "AttributeName: key");
    let error = LocalCloud::start(other_key).await.unwrap_err();
    assert!(
        matches!(error, StartError::Deploy(deploy::DeployError::Table { .. })),
        "{error}"
    );
    LocalCloud::start(config(directory.path()))
        .await
        .unwrap()
        .stop()
        .await;
}
