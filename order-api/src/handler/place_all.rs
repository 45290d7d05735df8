//! `POST /orders/batch`: accepts many orders, each by itself.

use std::collections::HashMap;

use aws_lambda_events::http::header::RETRY_AFTER;
use order_core::bulk::{self, Entry, EntryError};
use order_core::problem::{Problem, ProblemKind};
use order_core::{Fingerprint, IdempotencyKey, Order, OrderId, OrderMessage};
use serde::Serialize;
use tokio::time::timeout;

use super::OrderApi;
use super::receipt::Receipt;
use crate::body;
use crate::ports::{Acceptance, OrderQueue, OrderTable};
use crate::request::Request;
use crate::response::{Refusal, Response};

/// The body of a 207: an answer for each entry, in the entries' order.
#[derive(Serialize)]
struct BatchAnswer<'a> {
    results: Vec<EntryAnswer<'a>>,
}

/// What the entry would have been answered alone.
#[derive(Serialize)]
struct EntryAnswer<'a> {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// What becomes of an entry.
enum Verdict {
    /// It is stored already, as this message.
    Stored(OrderMessage),
    /// It goes to the queue, in the message of this index.
    Enqueued(usize),
    Refused(Problem),
}

impl<Q: OrderQueue, T: OrderTable> OrderApi<Q, T> {
    /// Makes at most one call to the table, and one to the queue for each ten orders.
    pub(super) async fn place_all(&self, request: &Request) -> Result<Response, Refusal> {
        if !request.header("idempotency-key").is_empty() {
            let detail =
                "Idempotency-Key: must not be sent here; each entry has an idempotency_key of its own";
            return Err(Refusal::new(ProblemKind::Malformed, detail));
        }
        let document = body::document(request, bulk::MAX_BODY_BYTES)?;
        let entries = bulk::parse(&document).map_err(Problem::invalid)?;
        let keys: Vec<Option<IdempotencyKey>> = entries.iter().map(key).collect();
        let (verdicts, messages) = self.judge(request, entries).await;
        let sent = if messages.is_empty() {
            Vec::new()
        } else {
            self.queue.send_all(&messages).await
        };
        for (message, error) in messages
            .iter()
            .zip(&sent)
            .filter_map(|(message, sent)| Some((message, sent.as_ref().err()?)))
        {
            tracing::error!(request_id = request.id(), order_id = %message.order_id, %error, "order not enqueued");
        }
        let results: Vec<EntryAnswer<'_>> = verdicts
            .into_iter()
            .zip(&keys)
            .map(|(verdict, key)| {
                let answer = match verdict {
                    Verdict::Refused(problem) => EntryAnswer::refused(problem),
                    Verdict::Stored(message) => EntryAnswer::accepted(request, &message),
                    Verdict::Enqueued(index) => match (messages.get(index), sent.get(index)) {
                        (Some(message), Some(Ok(()))) => EntryAnswer::accepted(request, message),
                        // Also what the queue said nothing about is not known to be in it.
                        _ => EntryAnswer::refused(not_enqueued()),
                    },
                };
                EntryAnswer {
                    idempotency_key: key.as_ref().map(IdempotencyKey::as_str),
                    ..answer
                }
            })
            .collect();
        answered(request, results)
    }

    /// Judges each entry, and gathers what is to be enqueued: each order once.
    async fn judge(&self, request: &Request, entries: Vec<Entry>) -> (Vec<Verdict>, Vec<OrderMessage>) {
        let caller = request.caller();
        let identified: Vec<Result<(OrderId, Order), EntryError>> = entries
            .into_iter()
            .map(|entry| match entry {
                Entry::Valid { key, order } => Ok((OrderId::from_idempotency_key(&caller, &key), order)),
                Entry::Wrong { error, .. } => Err(error),
            })
            .collect();
        let stored = self.acceptances(request, &identified).await;
        let accepted_at = self.now();
        let mut messages: Vec<OrderMessage> = Vec::new();
        // Where the message of an order is that an earlier entry brought.
        let mut places: HashMap<OrderId, usize> = HashMap::new();
        let verdicts = identified.into_iter().map(|entry| {
            let (order_id, order) = match entry {
                Ok(valid) => valid,
                Err(EntryError::Invalid(violations)) => {
                    return Verdict::Refused(Problem::invalid(violations));
                }
                Err(error @ EntryError::TooLarge) => {
                    return Verdict::Refused(Problem::new(ProblemKind::TooLarge, error.to_string()));
                }
            };
            if let Some(stored) = stored.get(&order_id) {
                return if stored.fingerprint.matches(&order) {
                    Verdict::Stored(OrderMessage::new(order_id, stored.accepted_at, order))
                } else {
                    Verdict::Refused(key_reused())
                };
            }
            match places.get(&order_id).copied() {
                Some(place) if messages[place].fingerprint == Fingerprint::of(&order) => {
                    Verdict::Enqueued(place)
                }
                Some(_) => Verdict::Refused(key_reused()),
                None => {
                    places.insert(order_id, messages.len());
                    messages.push(OrderMessage::new(order_id, accepted_at, order));
                    Verdict::Enqueued(messages.len() - 1)
                }
            }
        });
        (verdicts.collect(), messages)
    }

    /// What is known of the orders that the keys stand for. When the table is slow or away, nothing, as for one order:
    /// they are enqueued, and order-worker finds out.
    async fn acceptances(
        &self,
        request: &Request,
        entries: &[Result<(OrderId, Order), EntryError>],
    ) -> HashMap<OrderId, Acceptance> {
        let mut ids: Vec<OrderId> = entries.iter().flatten().map(|(id, _)| *id).collect();
        // The table refuses a call that names a key twice.
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return HashMap::new();
        }
        match timeout(self.key_lookup_time, self.table.acceptances(&ids)).await {
            Ok(Ok(acceptances)) => acceptances,
            Ok(Err(error)) => {
                tracing::warn!(request_id = request.id(), %error, "idempotency keys not looked up");
                HashMap::new()
            }
            Err(_) => {
                tracing::warn!(
                    request_id = request.id(),
                    "idempotency keys not looked up in time"
                );
                HashMap::new()
            }
        }
    }
}

impl EntryAnswer<'_> {
    fn accepted(request: &Request, message: &OrderMessage) -> Self {
        let path = request.public_path();
        let orders = path.strip_suffix("/batch").unwrap_or(path);
        Self {
            status: 202,
            idempotency_key: None,
            location: Some(format!("{orders}/{}", message.order_id)),
            accepted: Some(Receipt::of(message)),
            problem: None,
        }
    }

    fn refused(problem: Problem) -> Self {
        Self {
            status: problem.status,
            idempotency_key: None,
            location: None,
            accepted: None,
            problem: Some(problem),
        }
    }
}

fn key(entry: &Entry) -> Option<IdempotencyKey> {
    match entry {
        Entry::Valid { key, .. } => Some(key.clone()),
        Entry::Wrong { key, .. } => key.clone(),
    }
}

fn key_reused() -> Problem {
    Problem::new(
        ProblemKind::IdempotencyKeyReused,
        "another order was sent with this idempotency_key; use a new key for a new order",
    )
}

fn not_enqueued() -> Problem {
    Problem::new(
        ProblemKind::Unavailable,
        "the order may or may not have been taken; the entry can safely be sent again",
    )
}

fn answered(request: &Request, results: Vec<EntryAnswer<'_>>) -> Result<Response, Refusal> {
    let count =
        |is_counted: fn(u16) -> bool| results.iter().filter(|result| is_counted(result.status)).count();
    let (accepted, unavailable) = (count(|status| status == 202), count(|status| status == 503));
    let order_ids: Vec<String> = results
        .iter()
        .filter_map(|result| result.accepted.as_ref())
        .map(|receipt| receipt.order_id().to_string())
        .collect();
    tracing::info!(
        request_id = request.id(),
        entries = results.len(),
        accepted,
        unavailable,
        order_ids = order_ids.join(" "),
        "bulk request judged"
    );
    let response = Response::json(207, &BatchAnswer { results })?;
    Ok(if unavailable > 0 {
        response.with_header(RETRY_AFTER, "1".to_owned())
    } else {
        response
    })
}
