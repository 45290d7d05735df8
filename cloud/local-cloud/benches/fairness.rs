//! Measures whether the flood of one group delays the messages of another group (fair queues).
//!
//! Consumers receive ten messages at a time, work on them and delete them. The age of a quiet group's message at the end of
//! the work is measured twice: when the queue is idle, and when it holds a flood of another group. The bound is a factor
//! between the two medians.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use local_cloud::Durability;
use local_cloud::services::{Services, ServicesConfig};
use local_cloud::sqs::{Sqs, protocol};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Number of messages of the flood, unless the environment variable [`MESSAGES`] is set.
const FLOOD: usize = 100_000;
/// The environment variable with the number of messages of the flood.
const MESSAGES: &str = "FLOOD_MESSAGES";
const QUEUE: &str = "orders";
/// Number of consumers, as many as a busy event source mapping has.
const CONSUMERS: usize = 5;
/// Number of messages in one call.
const BATCH: usize = 10;
/// How long a consumer works on what it received.
const WORK: Duration = Duration::from_millis(20);
/// How many ages are measured, one after the other.
const SAMPLES: usize = 101;
/// How much older a quiet group's message may be in a flood.
const FACTOR: f64 = 2.0;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let messages = match std::env::var(MESSAGES) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{MESSAGES} must be a number"))?,
        Err(_) => FLOOD,
    };
    let directory = tempfile::tempdir()?;
    let services = Services::open(ServicesConfig {
        directory: Some(directory.path().to_owned()),
        durability: Durability::Process,
        base_url: "http://127.0.0.1:4566".to_owned(),
        region: "us-east-1".to_owned(),
        confirm_emails: true,
        access_keys: local_cloud::iam::AccessKeys::default(),
    })
    .await?;
    services.sqs.converge_queue(QUEUE, [].into()).await?;

    let (done, mut finished) = mpsc::unbounded_channel();
    let mut consumers = JoinSet::new();
    for _ in 0..CONSUMERS {
        consumers.spawn(consume(services.sqs.clone(), done.clone()));
    }
    let idle = median_age(&services.sqs, &mut finished).await?;
    println!("idle: a quiet group's message is {idle:?} old when it is done");

    consumers.abort_all();
    while consumers.join_next().await.is_some() {}
    eprintln!("filling {messages} messages ...");
    fill(&services.sqs, messages).await?;
    for _ in 0..CONSUMERS {
        consumers.spawn(consume(services.sqs.clone(), done.clone()));
    }
    let flooded = median_age(&services.sqs, &mut finished).await?;
    let factor = flooded.as_secs_f64() / idle.as_secs_f64();
    println!("behind {messages} messages of another group: {flooded:?}, {factor:.2} times that");
    services.close().await;
    Ok(if factor <= FACTOR {
        ExitCode::SUCCESS
    } else {
        println!("the flood delays the quiet group by more than a factor of {FACTOR}");
        ExitCode::FAILURE
    })
}

async fn send(sqs: &Sqs, operation: &str, request: serde_json::Value) -> anyhow::Result<()> {
    protocol::call(sqs, operation, request.to_string().as_bytes(), "bench").await?;
    Ok(())
}

async fn fill(sqs: &Sqs, messages: usize) -> anyhow::Result<()> {
    let entries: Vec<_> = (0..BATCH)
        .map(|id| json!({"Id": id.to_string(), "MessageBody": "x".repeat(500), "MessageGroupId": "flood"}))
        .collect();
    for _ in 0..messages.div_ceil(BATCH) {
        send(
            sqs,
            "SendMessageBatch",
            json!({"QueueUrl": QUEUE, "Entries": entries}),
        )
        .await?;
    }
    Ok(())
}

/// Receives, works and deletes. Reports each message of a quiet group.
async fn consume(sqs: Sqs, done: mpsc::UnboundedSender<String>) -> anyhow::Result<()> {
    loop {
        let received = sqs.receive(QUEUE, BATCH, Duration::from_secs(20)).await?;
        tokio::time::sleep(WORK).await;
        let handles = received.iter().map(|m| m.receipt_handle.clone()).collect();
        sqs.delete(QUEUE, handles).await?;
        for message in received {
            if message.attributes["MessageGroupId"] != "flood" {
                done.send(message.body)?;
            }
        }
    }
}

/// Sends a message of a new group and waits until it is done, again and again.
async fn median_age(sqs: &Sqs, finished: &mut mpsc::UnboundedReceiver<String>) -> anyhow::Result<Duration> {
    let mut ages = Vec::with_capacity(SAMPLES);
    for sample in 0..SAMPLES {
        let begun = Instant::now();
        let group = format!("quiet-{sample}");
        send(
            sqs,
            "SendMessage",
            json!({"QueueUrl": QUEUE, "MessageBody": group, "MessageGroupId": group}),
        )
        .await?;
        let body = finished.recv().await.context("no consumer is left")?;
        anyhow::ensure!(body == group, "{body} instead of {group}");
        ages.push(begun.elapsed());
    }
    ages.sort_unstable();
    Ok(ages[SAMPLES / 2])
}
