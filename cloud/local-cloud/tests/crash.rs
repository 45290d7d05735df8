//! Tests that acknowledged messages and objects survive `kill -9` of the whole process.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use local_cloud::endpoint::AwsEndpoint;
use local_cloud::services::{Services, ServicesConfig};
use local_cloud::store::Durability;
use serde_json::json;

/// The parts of a signature that the endpoint reads.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, Signature=0";

/// The environment variable that tells the child process where to store its state. The test binary runs
/// itself again as the process that is killed.
const DIRECTORY: &str = "LOCAL_CLOUD_CRASH_TEST_DIRECTORY";

async fn open(directory: &Path, base_url: String) -> Services {
    let config = ServicesConfig {
        directory: Some(directory.to_owned()),
        durability: Durability::Process,
        base_url,
        region: "us-east-1".to_owned(),
        confirm_emails: true,
        access_keys: local_cloud::iam::AccessKeys::default(),
    };
    Services::open(config).await.unwrap()
}

/// Not a test itself: this is the process that the test below kills.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let directory = Path::new(&directory);
    let listener = local_cloud::http::Listener::bind(0).await.unwrap();
    let url = listener.url();
    let _endpoint = AwsEndpoint::start(listener, open(directory, url.clone()).await.backend());
    // Write and rename, so that the parent never reads half of the file.
    std::fs::write(directory.join("url.tmp"), url).unwrap();
    std::fs::rename(directory.join("url.tmp"), directory.join("url")).unwrap();
    std::future::pending::<()>().await;
}

/// Kills the child process when it is dropped, even if the test fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // The child may have been killed already.
        let _result = self.0.kill();
        let _result = self.0.wait();
    }
}

async fn spawn(directory: &Path) -> (Killed, String) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let child = Killed(child);
    let file = directory.join("url");
    loop {
        match std::fs::read_to_string(&file) {
            Ok(url) => {
                std::fs::remove_file(&file).unwrap();
                return (child, url);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

#[tokio::test]
async fn acknowledged_messages_are_there_after_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let services = open(directory.path(), String::new()).await;
    let let_sns_in = serde_json::json!({"Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": services.sqs.arn("q"),
    }});
    let attributes = [("Policy".to_owned(), let_sns_in.to_string())].into();
    services.sqs.converge_queue("q", attributes).await.unwrap();
    let topic = services.sns.converge_topic("t", [].into()).await.unwrap();
    let raw = [("RawMessageDelivery".to_owned(), "true".to_owned())].into();
    let queue = services.sqs.arn("q");
    services
        .sns
        .converge_subscription(&topic, "sqs", &queue, raw, false)
        .await
        .unwrap();
    services.close().await;

    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let (child, url) = spawn(directory.path()).await;
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        for sender in 0..4 {
            let (report, url, topic) = (report.clone(), url.clone(), topic.clone());
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                for n in 0.. {
                    let body = format!("{round}-{sender}-{n}");
                    // Half of the messages are sent to the queue, half are published to the topic.
                    let request = if n % 2 == 0 {
                        let send = json!({"QueueUrl": "q", "MessageBody": body});
                        client
                            .post(&url)
                            .header("x-amz-target", "AmazonSQS.SendMessage")
                            .body(send.to_string())
                    } else {
                        let form = [
                            ("Action", "Publish"),
                            ("Version", "2010-03-31"),
                            ("TopicArn", &topic),
                            ("Message", &body),
                        ];
                        let form = form_urlencoded::Serializer::new(String::new())
                            .extend_pairs(form)
                            .finish();
                        client.post(&url).header("authorization", SIGNED).body(form)
                    };
                    match request.send().await {
                        Ok(answer) if answer.status() == 200 => report.send(body).unwrap(),
                        _ => return,
                    }
                }
            });
        }
        drop(report);
        for _ in 0..200 {
            acknowledged.push(reports.recv().await.unwrap());
        }
        drop(child);
        // Answers that arrived after the kill count as well.
        while let Some(body) = reports.recv().await {
            acknowledged.push(body);
        }
    }

    let services = open(directory.path(), String::new()).await;
    let mut found = std::collections::HashSet::new();
    loop {
        let received = services.sqs.receive("q", 10, Duration::ZERO).await.unwrap();
        if received.is_empty() {
            break;
        }
        found.extend(received.into_iter().map(|message| message.body));
    }
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|body| !found.contains(*body))
        .collect();
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), acknowledged.len());
    services.close().await;
}

/// A request to S3, whose signature is not verified because nobody here knows the secret of the key.
fn for_s3(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    let now = time::OffsetDateTime::now_utc();
    let date = now.format(time::macros::format_description!(
        "[year][month][day]T[hour][minute][second]Z"
    ));
    let date = date.unwrap();
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=test/{}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
        &date[..8]
    );
    request
        .header("authorization", authorization)
        .header("x-amz-date", date)
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
}

#[tokio::test]
async fn acknowledged_objects_are_there_after_kill_9_and_no_half_of_one() {
    const SIZE: usize = 300_000;
    let directory = tempfile::tempdir().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut acknowledged = Vec::new();
    let services = open(directory.path(), String::new()).await;
    let settings = local_cloud::s3::BucketSettings {
        notifications: vec![local_cloud::s3::Notification {
            id: "id".to_owned(),
            function: "resizer".to_owned(),
            events: vec!["s3:ObjectCreated:*".to_owned()],
            prefix: String::new(),
            suffix: String::new(),
        }],
        ..local_cloud::s3::BucketSettings::default()
    };
    services.s3.converge_bucket("bucket", settings).await.unwrap();
    services.close().await;
    for round in 0..3 {
        let (child, url) = spawn(directory.path()).await;
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        for sender in 0..4_u8 {
            let (report, url, client) = (report.clone(), url.clone(), client.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let key = format!("{round}-{sender}-{n}");
                    let write = client.put(format!("{url}/bucket/{key}")).body(vec![sender; SIZE]);
                    match for_s3(write).send().await {
                        Ok(answer) if answer.status() == 200 => report.send((key, sender)).unwrap(),
                        _ => return,
                    }
                }
            });
        }
        drop(report);
        for _ in 0..20 {
            acknowledged.push(reports.recv().await.unwrap());
        }
        drop(child);
        // Answers that arrived after the kill count as well.
        while let Some(found) = reports.recv().await {
            acknowledged.push(found);
        }
    }

    let (child, url) = spawn(directory.path()).await;
    for (key, sender) in &acknowledged {
        let read = for_s3(client.get(format!("{url}/bucket/{key}")))
            .send()
            .await
            .unwrap();
        assert_eq!(read.status(), 200, "{key}");
        assert_eq!(read.bytes().await.unwrap(), vec![*sender; SIZE], "{key}");
    }
    // The start has removed every file that is no object's: the objects that are listed are whole.
    let files = std::fs::read_dir(directory.path().join("objects")).unwrap();
    for file in files {
        assert_eq!(
            file.unwrap().metadata().unwrap().len(),
            u64::try_from(SIZE).unwrap()
        );
    }
    // Each object that is there has the event for its function, which nobody has taken.
    let objects = std::fs::read_dir(directory.path().join("objects"))
        .unwrap()
        .count();
    drop(child);
    let services = open(directory.path(), String::new()).await;
    assert_eq!(services.invocations.waiting().await.unwrap(), objects);
    services.close().await;
}
