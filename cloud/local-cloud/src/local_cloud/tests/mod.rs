//! Tests of everything together: a small template, real services and real processes.

mod web_pages;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloud_lambda::{Command, Launcher, Program};
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

async fn local(running: &Running, path: &str) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/_local/{path}", running.endpoints().aws_endpoint_url);
    http.get(url).send().await.unwrap().json().await.unwrap()
}

/// Waits until the health has this status, and returns the codes of its reasons.
async fn health_is(running: &Running, status: &str) -> Vec<String> {
    let reached = async {
        loop {
            let health = local(running, "health").await;
            if health["status"] == status {
                return health;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let health = tokio::time::timeout(Duration::from_mins(1), reached)
        .await
        .unwrap();
    let reasons = health["reasons"].as_array().unwrap().clone();
    reasons
        .iter()
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect()
}

/// A page waits for what is noted, and reads a status then. A read that was noted would call for the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_noted_and_a_read_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    let mut activity = running.services().sqs.activity().watch();
    for path in [
        "health",
        "status",
        "alarms",
        "faults",
        "subscriptions",
        "mail",
        "calls",
    ] {
        local(&running, path).await;
    }
    assert!(!activity.has_changed().unwrap());

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = running.endpoints().aws_endpoint_url.clone();
    let put = http.put(format!("{url}/_local/sqs")).body("{}").send();
    put.await.unwrap();
    assert!(activity.has_changed().unwrap());
    activity.mark_unchanged();
    send(&running, "kept", "one").await;
    assert!(activity.has_changed().unwrap());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_describes_this_run() {
    let directory = tempfile::tempdir().unwrap();
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    send(&running, "kept", "one").await;
    send(&running, "dead", "two").await;
    let status = local(&running, "status").await;
    assert_eq!((&status["version"], &status["status"]), (&json!(1), &json!("ok")));
    let id = Endpoints::read(directory.path()).unwrap().instance_id;
    assert_eq!(status["instance_id"], id);
    assert_eq!(local(&running, "health").await["instance_id"], id);
    assert_eq!(status["stack_name"], "orders");
    assert_eq!(status["faults"], json!({"active": false}));
    assert_eq!(status["last_failed_commit"], Value::Null);
    assert_eq!(
        status["functions"],
        json!([{"name": "worker", "idle_processes": 1, "start_failure": null}])
    );
    let depth = |name: &str, visible, oldest, is_dead_letter_queue: bool| {
        json!({"name": name, "visible": visible, "delayed": 0, "in_flight": 0, "oldest_age_seconds": oldest,
               "is_dead_letter_queue": is_dead_letter_queue, "sent": visible, "received": 0, "deleted": 0})
    };
    let mut queues = status["queues"].clone();
    for queue in queues.as_array_mut().unwrap() {
        if let Some(age) = queue["oldest_age_seconds"].as_i64() {
            assert!((0..60).contains(&age), "{age}");
            queue["oldest_age_seconds"] = json!(0);
        }
    }
    let none = Value::Null;
    assert_eq!(
        queues,
        json!([
            depth("dead", 1, json!(0), true),
            depth("kept", 1, json!(0), false),
            depth("work", 0, none, false)
        ])
    );
    let subscriptions = status["subscriptions"].as_array().unwrap();
    assert!(subscriptions.iter().all(|one| one["state"] == "confirmed"));
    assert_eq!(subscriptions.len(), 2);
    let files: Vec<_> = status["disk"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["file"].as_str().unwrap().to_owned())
        .collect();
    for file in ["state.db", "state.db-wal", "dynamodb.db", "logs/worker.log"] {
        assert!(files.iter().any(|name| name == file), "{file} {files:?}");
    }
    running.stop().await;

    // Another start is another run.
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    assert_ne!(local(&running, "health").await["instance_id"], id);
    running.stop().await;
}

/// A launcher of a program that is there until `is_gone` says otherwise.
fn launcher_until(is_gone: &Arc<AtomicBool>) -> Launcher {
    let (is_gone, working) = (is_gone.clone(), example_function::launcher(CHILD));
    Launcher::new(move |binary| {
        if is_gone.load(Ordering::SeqCst) {
            Program::Command(Command {
                program: "/nowhere/at/all".into(),
                arguments: vec![],
            })
        } else {
            working.program(binary)
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_cannot_start_ends_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut broken = config(directory.path());
    broken.launcher = launcher_until(&Arc::new(AtomicBool::new(true)));
    let error = LocalCloud::start(broken).await.unwrap_err().to_string();
    assert!(
        error.starts_with("function worker cannot start: the function could not be started: /nowhere/at/all"),
        "{error}"
    );
    // Nothing is left that holds the directory.
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_names_a_function_that_cannot_start_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut breaks = config(directory.path());
    let is_gone = Arc::new(AtomicBool::new(false));
    breaks.launcher = launcher_until(&is_gone);
    let running = LocalCloud::start(breaks).await.unwrap();
    is_gone.store(true, Ordering::SeqCst);
    for action in ["exit", "record"] {
        let payload = json!({ "do": action }).to_string();
        running
            .invoke("worker", payload.into())
            .await
            .unwrap()
            .unwrap_err();
    }
    assert_eq!(health_is(&running, "degraded").await, ["function"]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_subscription_is_seen_and_confirmed_again() {
    let directory = tempfile::tempdir().unwrap();
    let running = LocalCloud::start(config(directory.path())).await.unwrap();
    let topic = running.subscriptions()[0].topic_arn.clone();
    let publish = form_urlencoded::Serializer::new(String::new())
        .append_pair("TopicArn", &topic)
        .append_pair("Message", "1")
        .finish();
    let sns = &running.services().sns;
    let email = async || {
        let status = local(&running, "status").await;
        let subscriptions = status["subscriptions"].as_array().unwrap().clone();
        subscriptions
            .into_iter()
            .find(|one| one["protocol"] == "email")
            .unwrap()
    };
    while email().await["state"] != "suspended" {
        let publishes = (0..11).map(|_| {
            let form = cloud_wire::Form::parse(publish.as_bytes());
            async move { cloud_sns::protocol::call(sns, "Publish", &form, true).await }
        });
        for published in futures_util::future::join_all(publishes).await {
            published.unwrap();
        }
    }
    let newest = local(&running, "mail?newest=1&kind=confirmation").await;
    assert_eq!(newest["mail"].as_array().unwrap().len(), 1);
    assert_eq!(newest["mail"][0]["kind"], "confirmation");
    assert_eq!(newest["mail"][0]["sequence"], newest["next"]);
    let arn = email().await["subscription_arn"].as_str().unwrap().to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/_local/subscriptions", running.endpoints().aws_endpoint_url);
    let answer = http.put(format!("{url}/{arn}/confirm")).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["subscription"]["state"], "confirmed");
    assert_eq!(email().await["state"], "confirmed");
    let unknown = http.put(format!("{url}/{arn}x/confirm")).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    running.stop().await;
}

/// As `up --email b` after `up --email a`: the old inbox must not go on getting everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_email_address_replaces_the_subscription_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let with = |address: &str| {
        let mut config = config(directory.path());
        config.template = config.template.replace("shop@example.com", address);
        config
    };
    let running = LocalCloud::start(with("a@example.com")).await.unwrap();
    let topic = running.subscriptions()[0].topic_arn.clone();
    // A client's own subscription is none of the template's business.
    let subscribe = form_urlencoded::Serializer::new(String::new())
        .append_pair("TopicArn", &topic)
        .append_pair("Protocol", "email")
        .append_pair("Endpoint", "own@example.com")
        .finish();
    let form = cloud_wire::Form::parse(subscribe.as_bytes());
    cloud_sns::protocol::call(&running.services().sns, "Subscribe", &form, true)
        .await
        .unwrap();
    running.stop().await;

    let mut manually = with("b@example.com");
    manually.confirm_emails = false;
    let running = LocalCloud::start(manually).await.unwrap();
    let mut emails: Vec<_> = running.services().sns.subscriptions().await.unwrap();
    emails.retain(|subscription| subscription.protocol == "email");
    let mut states: Vec<_> = emails
        .iter()
        .map(|one| (one.endpoint.as_str(), one.state))
        .collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [("b@example.com", "pending"), ("own@example.com", "confirmed")]
    );
    running.stop().await;
}

/// Needs root on Linux, and says so where it cannot run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_full_disk_everything_drains_without_a_restart() {
    let parent = tempfile::tempdir().unwrap();
    let disk = parent.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=96m", "tmpfs"])
        .arg(&disk)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this process may not mount a file system");
        return;
    }
    let _unmount = Unmount(disk.clone());
    let running = LocalCloud::start(config(&disk.join("data"))).await.unwrap();
    send(&running, "kept", "one").await;
    send(&running, "work", "1").await;
    holds(&running, "work", "0", "0").await;
    let filler = disk.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
    }
    drop(file);
    // The write-ahead log has some room of its own.
    let url = running.services().sqs.url("kept");
    let body = "x".repeat(200_000);
    let request = json!({"QueueUrl": url, "MessageBody": body}).to_string();
    let sqs = &running.services().sqs;
    while cloud_sqs::protocol::call(sqs, "SendMessage", request.as_bytes(), "test")
        .await
        .is_ok()
    {}
    assert_eq!(health_is(&running, "degraded").await, ["disk_full"]);
    let status = local(&running, "status").await;
    assert!(
        status["last_failed_commit"]["at"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    // Reads and deletions go on.
    loop {
        let received = sqs.receive("kept", 10, Duration::ZERO).await.unwrap();
        if received.is_empty() {
            break;
        }
        let handles = received.into_iter().map(|message| message.receipt_handle);
        sqs.delete("kept", handles.collect()).await.unwrap();
    }
    holds(&running, "kept", "0", "0").await;

    std::fs::remove_file(&filler).unwrap();
    assert!(health_is(&running, "ok").await.is_empty());
    for number in 0..10 {
        send(&running, "work", &number.to_string()).await;
    }
    holds(&running, "work", "0", "0").await;
    holds(&running, "dead", "0", "0").await;
    running.stop().await;
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _result = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

/// Everybody may list the bucket and nobody may read its objects, as the policy in the template says.
#[tokio::test]
async fn the_buckets_of_the_template_are_there_with_their_policies() {
    let template = "
Resources:
  Covers:
    Type: AWS::S3::Bucket
    Properties: {BucketName: covers, PublicAccessBlockConfiguration: {BlockPublicPolicy: false}}
  Private: {Type: AWS::S3::Bucket}
  Open:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Covers
      PolicyDocument:
        Statement: {Effect: Allow, Principal: '*', Action: 's3:ListBucket', Resource: !GetAtt Covers.Arn}
";
    let config = LocalCloudConfig::new(template, example_function::launcher(CHILD));
    let running = LocalCloud::start(config).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = running.endpoints().aws_endpoint_url.clone();
    for (path, expected) in [
        ("/covers?list-type=2", (200, "<Name>covers</Name>")),
        ("/covers/a", (403, "<Code>AccessDenied</Code>")),
        ("/orders-private?list-type=2", (403, "<Code>AccessDenied</Code>")),
    ] {
        let answer = http.get(format!("{url}{path}")).send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert!(
            status == expected.0 && body.contains(expected.1),
            "{status} {body}"
        );
    }
    running.stop().await;
}

/// An object reaches the function of its bucket, and the event of one on which the function fails reaches the queue.
#[tokio::test]
async fn an_object_invokes_the_function_of_its_bucket() {
    let template = "
Resources:
  Uploads: {Type: AWS::S3::Bucket, Properties: {BucketName: uploads}}
  Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: failed}}
  Resizer:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: resizer
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}
      Environment: {Variables: {RECORD: RECORD_FILE}}
      Events:
        Uploaded: {Type: S3, Properties: {Bucket: !Ref Uploads, Events: 's3:ObjectCreated:*'}}
";
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");
    let template = template.replace("RECORD_FILE", &record.display().to_string());
    let config = LocalCloudConfig::new(template, example_function::launcher(CHILD));
    let running = LocalCloud::start(config).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = running.endpoints().aws_endpoint_url.clone();
    for key in ["record", "fail"] {
        let put = http.put(format!("{url}/uploads/{key}")).body("x");
        let now = time::OffsetDateTime::now_utc();
        let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
        let date = now.format(format).unwrap();
        let credential = format!("test/{}/us-east-1/s3/aws4_request", &date[..8]);
        let put = put
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"),
            )
            .header("x-amz-date", date)
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        assert_eq!(put.send().await.unwrap().status(), 200);
    }
    let failed = running
        .services()
        .sqs
        .receive("failed", 1, Duration::from_secs(20));
    let failed = failed.await.unwrap();
    let event: Value = serde_json::from_str(&failed[0].body).unwrap();
    let object = &event["requestPayload"]["Records"][0]["s3"]["object"];
    assert_eq!((&object["key"], &object["size"]), (&json!("fail"), &json!(1)));
    let recorded = async {
        while !record.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), recorded)
        .await
        .unwrap();
    running.stop().await;
}
