//! Sends all deliveries that are due, until the service stops.

use std::time::Duration;

use reqwest::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::delivery::Stored;
use super::request::{Outcome, client, send};
use crate::envelope::NOTIFICATION;
use crate::error::SnsError;
use crate::queue_delivery;
use crate::service::Sns;
use crate::subscription::Subscription;

/// The number of requests that are under way at the same time.
const MAX_CONCURRENT: usize = 16;
/// The longest wait for the next delivery, for a time that is set while nobody looks.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// The time after which a delivery that is under way is due again, if the process dies. It is longer than a request.
const LEASE_MS: i64 = 60_000;

/// Sends deliveries until `stopping` becomes true.
pub(crate) async fn run(sns: Sns, mut stopping: watch::Receiver<bool>) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "nothing is sent to HTTP endpoints: the client cannot be built");
            return;
        }
    };
    let mut requests = JoinSet::new();
    loop {
        let added = sns.webhook_added();
        let clock = sns.sqs().clock().clone();
        let (added, moved) = (added.notified(), clock.moved());
        let wait = match start_due(&sns, &client, &mut requests).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "deliveries to HTTP endpoints could not be read; trying again");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            _ended = requests.join_next(), if !requests.is_empty() => {}
            () = added => {}
            () = moved => {}
            () = tokio::time::sleep(wait) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Starts requests for the deliveries that are due, and returns the time until the next one.
async fn start_due(sns: &Sns, client: &Client, requests: &mut JoinSet<()>) -> Result<Duration, SnsError> {
    let room = MAX_CONCURRENT.saturating_sub(requests.len());
    if room == 0 {
        // The end of a request wakes the loop.
        return Ok(MAX_WAIT);
    }
    let now = sns.sqs().clock().now_ms();
    let (due, next) = sns
        .store()
        .run(move |tx| {
            let due = Stored::due(tx, now, room)?;
            for stored in &due {
                stored.postpone(tx, stored.attempts, now + LEASE_MS)?;
            }
            Ok::<_, SnsError>((due, Stored::next_due(tx)?))
        })
        .await?;
    for stored in due {
        let (sns, client) = (sns.clone(), client.clone());
        requests.spawn(async move {
            let outcome = send(&client, &stored.delivery).await;
            if let Err(error) = settle(&sns, stored, outcome).await {
                tracing::warn!(%error, "a delivery to an HTTP endpoint is sent again: its end could not be stored");
            }
        });
    }
    let wait = match next {
        Some(next) if requests.len() < MAX_CONCURRENT => {
            Duration::from_millis(u64::try_from(next - now).unwrap_or(0))
        }
        _ => MAX_WAIT,
    };
    Ok(wait.clamp(Duration::from_millis(10), MAX_WAIT))
}

/// Ends a delivery, or sets the time of its next attempt. One that has no attempt left goes to the dead-letter queue.
async fn settle(sns: &Sns, stored: Stored, outcome: Outcome) -> Result<(), SnsError> {
    let service = sns.clone();
    sns.store()
        .run(move |tx| {
            let (reason, delay) = match outcome {
                Outcome::Delivered => return stored.remove(tx),
                Outcome::Refused(reason) => (reason, None),
                Outcome::Failed(reason) => {
                    let delays = stored.delivery.retries.delays();
                    (reason, delays.get(stored.attempts).copied())
                }
            };
            if let Some(seconds) = delay {
                let due = service.sqs().clock().now_ms() + i64::from(seconds) * 1000;
                return stored.postpone(tx, stored.attempts + 1, due);
            }
            stored.remove(tx)?;
            give_up(&service, tx, &stored, &reason)
        })
        .await
}

fn give_up(sns: &Sns, tx: &cloud_store::Tx<'_>, stored: &Stored, reason: &str) -> Result<(), SnsError> {
    let delivery = &stored.delivery;
    let arn = &delivery.subscription_arn;
    // A subscription that is gone has no dead-letter queue, and a confirmation is no message of a publisher.
    match Subscription::find(tx, arn)? {
        Some(subscription) if delivery.kind == NOTIFICATION => {
            let letter = queue_delivery::letter(delivery.body.clone());
            queue_delivery::dead_letter(
                sns,
                tx,
                &subscription,
                &letter,
                &format!("its endpoint failed: {reason}"),
            )
        }
        _ => {
            let kind = &delivery.kind;
            tracing::warn!(
                subscription = arn,
                reason,
                "a {kind} did not reach the endpoint of {arn}: {reason}"
            );
            Ok(())
        }
    }
}
