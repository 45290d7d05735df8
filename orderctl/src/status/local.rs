//! The status of the system on this machine, from `/_local/status`.

use anyhow::Context;
use reqwest::StatusCode;
use serde::Deserialize;
use stack_client::{Connection, Target};

use super::document::{AlarmState, Document, FailedCommit, Problem, QueueState, SubscriptionState};

/// As much of the document of `/_local/status` as is shown.
#[derive(Debug, Deserialize)]
struct Answer {
    reasons: Vec<Reason>,
    started_at: String,
    stack_name: Option<String>,
    data_dir: Option<String>,
    queues: Vec<QueueState>,
    subscriptions: Vec<SubscriptionState>,
    #[serde(default)]
    alarms: Vec<AlarmState>,
    faults: Faults,
    disk: Vec<StoredFile>,
    last_failed_commit: Option<FailedCommit>,
}

#[derive(Debug, Deserialize)]
struct Reason {
    code: String,
    message: String,
}

#[derive(Debug, Deserialize)]
struct Faults {
    active: bool,
}

#[derive(Debug, Deserialize)]
struct StoredFile {
    bytes: u64,
}

/// Asks the running system.
pub(super) async fn read(connection: &Connection) -> anyhow::Result<Document> {
    let control = connection.local_control().await?;
    let answer = control.get("status").send().await;
    let answer = answer.context("the system does not answer")?;
    anyhow::ensure!(
        answer.status() == StatusCode::OK,
        "the status cannot be read: {} answered {}",
        control.url("status"),
        answer.status()
    );
    let body = answer.bytes().await.context("the answer was cut off")?;
    let mut status = parse(&body)?;
    status.api_url = connection.api_url().await.ok();
    Ok(status)
}

fn parse(body: &[u8]) -> anyhow::Result<Document> {
    let answer: Answer = serde_json::from_slice(body)
        .context("the status cannot be read: the system has another version than this command")?;
    let problems = answer.reasons.into_iter();
    Ok(Document {
        problems: problems
            .map(|reason| Problem::new(&reason.code, reason.message, None))
            .collect(),
        stack: answer.stack_name,
        started_at: Some(answer.started_at),
        disk_bytes: answer
            .data_dir
            .is_some()
            .then(|| answer.disk.iter().map(|file| file.bytes).sum()),
        data_dir: answer.data_dir,
        queues: answer.queues,
        subscriptions: answer.subscriptions,
        alarms: answer.alarms,
        faults_active: Some(answer.faults.active),
        last_failed_commit: answer.last_failed_commit,
        ..Document::up(Target::Local)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A status with one of each problem.
    pub(crate) fn example() -> Document {
        let body = r#"{"version": 1, "status": "degraded", "instance_id": "i",
            "reasons": [{"code": "disk_full", "message": "the disk is full"}],
            "started_at": "2026-11-23T09:35:00.000Z", "stack_name": "orders", "data_dir": "/home/you/my orders",
            "queues": [
                {"name": "orders", "visible": 3, "delayed": 1, "in_flight": 2, "oldest_age_seconds": 75, "is_dead_letter_queue": false},
                {"name": "orders-dlq", "visible": 1, "delayed": 0, "in_flight": 0, "oldest_age_seconds": 7200, "is_dead_letter_queue": true},
                {"name": "notifications-dlq", "visible": 0, "delayed": 0, "in_flight": 0, "oldest_age_seconds": null, "is_dead_letter_queue": true}],
            "subscriptions": [
                {"subscription_arn": "arn:aws:sns:us-east-1:000000000000:order-emails:1", "topic_arn": "arn:aws:sns:us-east-1:000000000000:order-emails",
                 "protocol": "email", "endpoint": "you@example.com", "state": "suspended", "peak_per_second": 12, "undelivered": 2},
                {"subscription_arn": "arn:aws:sns:us-east-1:000000000000:order-events:2", "topic_arn": "arn:aws:sns:us-east-1:000000000000:order-events",
                 "protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:000000000000:notifications", "state": "confirmed", "peak_per_second": 0, "undelivered": 0}],
            "alarms": [
                {"name": "OrdersDlqAlarm", "description": "An order is in the dead-letter queue.", "state": "ALARM", "times_rung": 1,
                 "reason": "1 datapoint was greater than the threshold", "since": "2026-11-23T09:38:00.000Z"},
                {"name": "ApiServerErrorsAlarm", "description": null, "state": "OK", "reason": "-", "since": "2026-11-23T09:35:00.000Z", "times_rung": 0}],
            "functions": [], "faults": {"active": true},
            "disk": [{"file": "state.db", "bytes": 4096}, {"file": "tables.db", "bytes": 1500000}],
            "last_failed_commit": {"at": "2026-11-23T09:40:00.000Z", "reason": "database or disk is full"}}"#;
        parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_status_in_memory_has_no_disk() {
        let body = r#"{"reasons": [], "started_at": "t", "stack_name": null, "data_dir": null, "queues": [],
            "subscriptions": [], "faults": {"active": false}, "disk": [], "last_failed_commit": null, "later": 1}"#;
        let status = parse(body.as_bytes()).unwrap();
        assert_eq!((status.disk_bytes, status.faults_active), (None, Some(false)));
        assert_eq!(example().disk_bytes, Some(1_504_096));
    }
}
