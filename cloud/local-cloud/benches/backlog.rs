//! Measures whether a deep queue is slower than a shallow one.
//!
//! There are two stores on disk. One has a deep backlog. The other has a shallow backlog that is filled again
//! and again. Slices of equal size are drained from both in turn (receive ten, delete ten), so that other
//! load on the machine slows both equally.
//!
//! The measurement is done twice. Over the API, as every consumer uses a queue: the bound applies to this
//! one. And by calls within the process, without JSON and HTTP: this shows what the depth costs in the store
//! alone.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use futures_util::future::try_join_all;
use local_cloud::Durability;
use local_cloud::endpoint::AwsEndpoint;
use local_cloud::services::{Services, ServicesConfig};
use local_cloud::sqs::Sqs;
use serde_json::{Value, json};

/// Number of messages in the deep backlog, unless the environment variable [`MESSAGES`] is set.
const DEEP: u64 = 1_000_000;
/// The environment variable with the number of messages in the deep backlog.
const MESSAGES: &str = "BACKLOG_MESSAGES";
/// The name of the queue in both stores.
const QUEUE: &str = "orders";
/// Number of messages in the shallow backlog, and in a slice of the deep one.
const SHALLOW: u64 = 1000;
/// Number of consumers, as many as a busy event source mapping has.
const CONSUMERS: usize = 5;
/// Number of senders that fill a queue concurrently.
const SENDERS: usize = 16;
/// Number of messages in one call.
const BATCH: usize = 10;
/// How much slower the deep backlog may be over the API, as a fraction.
const TOLERANCE: f64 = 0.15;

/// One store with its queue.
struct Store {
    services: Services,
    endpoint: AwsEndpoint,
    client: reqwest::Client,
    url: String,
}

/// How messages are received and deleted.
#[derive(Clone, Copy)]
enum Consumer {
    InProcess,
    OverTheApi,
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProcess => "in process",
            Self::OverTheApi => "over the API",
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let messages = match std::env::var(MESSAGES) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{MESSAGES} must be a number"))?,
        Err(_) => DEEP,
    };
    let api = compare(Consumer::OverTheApi, messages).await?;
    compare(Consumer::InProcess, messages).await?;
    Ok(if api >= 1.0 - TOLERANCE {
        ExitCode::SUCCESS
    } else {
        println!("slower over the API by more than {:.0}%", TOLERANCE * 100.0);
        ExitCode::FAILURE
    })
}

/// Drains both backlogs. Returns the rate of the deep backlog divided by the rate of the shallow one.
async fn compare(consumer: Consumer, messages: u64) -> anyhow::Result<f64> {
    let directory = tempfile::tempdir()?;
    let deep = Store::open(&directory.path().join("deep")).await?;
    let shallow = Store::open(&directory.path().join("shallow")).await?;
    let slices = u64::div_ceil(messages, SHALLOW);
    eprintln!("filling {} messages ...", slices * SHALLOW);
    let begun = Instant::now();
    deep.fill(slices * SHALLOW).await?;
    println!(
        "filled at {:.0} messages/s",
        per_second(slices * SHALLOW, begun.elapsed())
    );
    let [mut deep_time, mut shallow_time] = [Duration::ZERO; 2];
    for slice in 0..slices {
        shallow.fill(SHALLOW).await?;
        // Change the order each time, so that not always the same store is slowed by the filling.
        if slice % 2 == 0 {
            deep_time += deep.drain(consumer, SHALLOW).await?;
            shallow_time += shallow.drain(consumer, SHALLOW).await?;
        } else {
            shallow_time += shallow.drain(consumer, SHALLOW).await?;
            deep_time += deep.drain(consumer, SHALLOW).await?;
        }
        if (slice + 1) % 100 == 0 {
            eprintln!("drained {} messages", (slice + 1) * SHALLOW);
        }
    }
    let (deep_rate, shallow_rate) = (
        per_second(slices * SHALLOW, deep_time),
        per_second(slices * SHALLOW, shallow_time),
    );
    let ratio = deep_rate / shallow_rate;
    println!("{consumer}, a backlog of {SHALLOW}, {slices} times over: {shallow_rate:.0} messages/s");
    println!(
        "{consumer}, a backlog of {}: {deep_rate:.0} messages/s, {ratio:.3} of that",
        slices * SHALLOW
    );
    deep.close().await;
    shallow.close().await;
    Ok(ratio)
}

impl Store {
    async fn open(directory: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let listener = local_cloud::http::Listener::bind(0).await?;
        let base_url = listener.url();
        let services = Services::open(ServicesConfig {
            directory: Some(directory.to_owned()),
            durability: Durability::Process,
            base_url: base_url.clone(),
            region: "us-east-1".to_owned(),
            confirm_emails: true,
            access_keys: local_cloud::iam::AccessKeys::default(),
        })
        .await?;
        services.sqs.converge_queue(QUEUE, [].into()).await?;
        let endpoint = AwsEndpoint::start(listener, services.backend());
        Ok(Self {
            services,
            endpoint,
            client: reqwest::Client::builder().no_proxy().build()?,
            url: base_url,
        })
    }

    /// Sends messages of the usual size of an order with `SendMessageBatch`.
    async fn fill(&self, messages: u64) -> anyhow::Result<()> {
        let body = "x".repeat(500);
        let entries: Vec<_> = (0..BATCH)
            .map(|id| json!({"Id": id.to_string(), "MessageBody": body}))
            .collect();
        let request = json!({"QueueUrl": QUEUE, "Entries": entries}).to_string();
        let calls = messages.div_ceil(BATCH as u64);
        let share = calls.div_ceil(SENDERS as u64);
        try_join_all((0..SENDERS as u64).map(async |sender| {
            for _ in sender * share..calls.min((sender + 1) * share) {
                call(&self.client, &self.url, "SendMessageBatch", &request).await?;
            }
            anyhow::Ok(())
        }))
        .await?;
        Ok(())
    }

    /// Receives and deletes this many messages.
    async fn drain(&self, consumer: Consumer, messages: u64) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let calls = messages.div_ceil(BATCH as u64);
        let consumers = (0..CONSUMERS as u64).map(|number| {
            let (sqs, client, url) = (self.services.sqs.clone(), self.client.clone(), self.url.clone());
            let share = calls / CONSUMERS as u64 + u64::from(number < calls % CONSUMERS as u64);
            tokio::spawn(async move {
                for _ in 0..share {
                    match consumer {
                        Consumer::InProcess => in_process(&sqs).await?,
                        Consumer::OverTheApi => over_the_api(&client, &url).await?,
                    }
                }
                anyhow::Ok(())
            })
        });
        for consumer in try_join_all(consumers).await? {
            consumer?;
        }
        Ok(begun.elapsed())
    }

    async fn close(self) {
        self.endpoint.stop().await;
        self.services.close().await;
    }
}

async fn in_process(sqs: &Sqs) -> anyhow::Result<()> {
    let received = sqs.receive(QUEUE, BATCH, Duration::from_secs(5)).await?;
    all_ten(received.len())?;
    let receipts = received
        .into_iter()
        .map(|message| message.receipt_handle)
        .collect();
    sqs.delete(QUEUE, receipts).await?;
    Ok(())
}

async fn over_the_api(client: &reqwest::Client, url: &str) -> anyhow::Result<()> {
    let request = json!({"QueueUrl": QUEUE, "MaxNumberOfMessages": BATCH, "WaitTimeSeconds": 5});
    let received: Value =
        serde_json::from_slice(&call(client, url, "ReceiveMessage", &request.to_string()).await?)?;
    let entries: Vec<_> = received["Messages"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(id, message)| json!({"Id": id.to_string(), "ReceiptHandle": message["ReceiptHandle"]}))
        .collect();
    all_ten(entries.len())?;
    let request = json!({"QueueUrl": QUEUE, "Entries": entries});
    let deleted: Value =
        serde_json::from_slice(&call(client, url, "DeleteMessageBatch", &request.to_string()).await?)?;
    all_ten(deleted["Successful"].as_array().map_or(0, Vec::len))
}

async fn call(client: &reqwest::Client, url: &str, operation: &str, request: &str) -> anyhow::Result<Bytes> {
    let call = client
        .post(url)
        .header("x-amz-target", format!("AmazonSQS.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(request.to_owned());
    let response = call.send().await?.error_for_status()?;
    response.bytes().await.context("the answer broke off")
}

fn all_ten(messages: usize) -> anyhow::Result<()> {
    anyhow::ensure!(
        messages == BATCH,
        "a call to a filled queue gave {messages} messages"
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "of 2^53 messages")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
