//! `POST /orders/batch`: accepts many orders, each on its own.

use std::collections::HashMap;

use aws_lambda_events::http::header::RETRY_AFTER;
use order_core::batch::{self, BatchItem, BatchItemError};
use order_core::{Fingerprint, IdempotencyKey, Order, OrderId, OrderMessage, Timestamp};
use rest_function::{Request, Response, body};
use serde::Serialize;
use telemetry::metrics::{self, Count};
use tokio::time::timeout;

use super::OrderApi;
use super::receipt::Receipt;
use crate::caller;
use crate::ports::{Acceptance, OrderQueue, OrderTable};
use crate::problem::{ErrorResponse, Problem, ProblemKind};

/// The body of a 207: one answer per item, in the order of the items.
#[derive(Serialize)]
struct BatchAnswer<'a> {
    results: Vec<ItemAnswer<'a>>,
}

/// The answer that the item would have got as a request of its own.
#[derive(Serialize)]
struct ItemAnswer<'a> {
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

/// The decision about an item.
enum Verdict {
    /// Its order is stored, as this message.
    Stored(OrderMessage),
    /// Its order goes to the queue, in the message at this index.
    Enqueued(usize),
    Refused(Problem),
}

impl<Q: OrderQueue, T: OrderTable> OrderApi<Q, T> {
    /// Makes at most one call to the table, and one to the queue for each ten orders.
    pub(super) async fn place_batch(&self, request: &Request) -> Result<Response, ErrorResponse> {
        if !request.header("idempotency-key").is_empty() {
            let detail =
                "Idempotency-Key: must not be sent here; each entry has an idempotency_key of its own";
            return Err(ErrorResponse::new(ProblemKind::Malformed, detail));
        }
        let document = body::document(request, batch::MAX_BODY_BYTES)?;
        let now = self.now();
        let items = batch::parse(&document, now).map_err(Problem::invalid)?;
        let keys: Vec<Option<IdempotencyKey>> = items.iter().map(key).collect();
        let (verdicts, messages) = self.classify(request, items, now).await;
        let sent = if messages.is_empty() {
            Vec::new()
        } else {
            self.queue.send_all(&messages, caller::trace(request)).await
        };
        for (message, error) in messages
            .iter()
            .zip(&sent)
            .filter_map(|(message, sent)| Some((message, sent.as_ref().err()?)))
        {
            tracing::error!(request_id = request.id(), order_id = %message.order_id, %error, "order not enqueued");
        }
        let results: Vec<ItemAnswer<'_>> = verdicts
            .into_iter()
            .zip(&keys)
            .map(|(verdict, key)| {
                let answer = match verdict {
                    Verdict::Refused(problem) => ItemAnswer::refused(problem),
                    Verdict::Stored(message) => ItemAnswer::accepted(request, &message),
                    Verdict::Enqueued(index) => match (messages.get(index), sent.get(index)) {
                        (Some(message), Some(Ok(()))) => ItemAnswer::accepted(request, message),
                        // A message without an answer may not be in the queue.
                        _ => ItemAnswer::refused(not_enqueued()),
                    },
                };
                ItemAnswer {
                    idempotency_key: key.as_ref().map(IdempotencyKey::as_str),
                    ..answer
                }
            })
            .collect();
        answered(request, results)
    }

    /// Decides about each item, and collects the messages for the queue: one per order.
    async fn classify(
        &self,
        request: &Request,
        items: Vec<BatchItem>,
        accepted_at: Timestamp,
    ) -> (Vec<Verdict>, Vec<OrderMessage>) {
        let caller = caller::caller(request);
        let identified: Vec<Result<(OrderId, Order), BatchItemError>> = items
            .into_iter()
            .map(|item| match item {
                BatchItem::Valid { key, order } => Ok((OrderId::from_idempotency_key(&caller, &key), order)),
                BatchItem::Invalid { error, .. } => Err(error),
            })
            .collect();
        let stored = self.acceptances(request, &identified).await;
        let mut messages: Vec<OrderMessage> = Vec::new();
        // The index of each order's message.
        let mut indices: HashMap<OrderId, usize> = HashMap::new();
        let verdicts = identified.into_iter().map(|item| {
            let (order_id, order) = match item {
                Ok(valid) => valid,
                Err(BatchItemError::Violations(violations)) => {
                    return Verdict::Refused(Problem::invalid(violations));
                }
                Err(error @ BatchItemError::TooLarge) => {
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
            match indices.get(&order_id).copied() {
                Some(index) if messages[index].fingerprint == Fingerprint::of(&order) => {
                    Verdict::Enqueued(index)
                }
                Some(_) => Verdict::Refused(key_reused()),
                None => {
                    indices.insert(order_id, messages.len());
                    messages.push(OrderMessage::new(order_id, accepted_at, order));
                    Verdict::Enqueued(messages.len() - 1)
                }
            }
        });
        (verdicts.collect(), messages)
    }

    /// How the orders under the keys were accepted, if they are stored. None also if the table is slow or away: the orders are
    /// then sent to the queue again, and order-worker compares them.
    async fn acceptances(
        &self,
        request: &Request,
        items: &[Result<(OrderId, Order), BatchItemError>],
    ) -> HashMap<OrderId, Acceptance> {
        let mut ids: Vec<OrderId> = items.iter().flatten().map(|(id, _)| *id).collect();
        // The table refuses a call with the same key twice.
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return HashMap::new();
        }
        match timeout(self.settings.key_lookup_time, self.table.acceptances(&ids)).await {
            Ok(Ok(acceptances)) => acceptances,
            Ok(Err(error)) => {
                metrics::count(Count::KeyLookupsSkipped, ids.len());
                let order_ids = join_ids(&ids);
                tracing::warn!(request_id = request.id(), order_ids, %error, "idempotency keys not looked up");
                HashMap::new()
            }
            Err(_) => {
                metrics::count(Count::KeyLookupsSkipped, ids.len());
                let order_ids = join_ids(&ids);
                tracing::warn!(
                    request_id = request.id(),
                    order_ids,
                    "idempotency keys not looked up in time"
                );
                HashMap::new()
            }
        }
    }
}

impl ItemAnswer<'_> {
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
            status: problem.status(),
            idempotency_key: None,
            location: None,
            accepted: None,
            problem: Some(problem),
        }
    }
}

/// Several ids in a line of the log.
fn join_ids(ids: &[OrderId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(" ")
}

fn key(item: &BatchItem) -> Option<IdempotencyKey> {
    match item {
        BatchItem::Valid { key, .. } => Some(key.clone()),
        BatchItem::Invalid { key, .. } => key.clone(),
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
        "the order may or may not be accepted; the entry can safely be sent again",
    )
}

fn answered(request: &Request, results: Vec<ItemAnswer<'_>>) -> Result<Response, ErrorResponse> {
    let count =
        |is_counted: fn(u16) -> bool| results.iter().filter(|result| is_counted(result.status)).count();
    let (accepted, unavailable) = (count(|status| status == 202), count(|status| status == 503));
    for result in &results {
        super::count_answer(result.status);
    }
    let receipts = results.iter().filter_map(|result| result.accepted.as_ref());
    let order_ids: Vec<OrderId> = receipts.map(Receipt::order_id).collect();
    tracing::info!(
        request_id = request.id(),
        entries = results.len(),
        accepted,
        unavailable,
        order_ids = join_ids(&order_ids),
        "batch request answered"
    );
    let response = Response::json(207, &BatchAnswer { results })?;
    Ok(if unavailable > 0 {
        response.with_header(RETRY_AFTER, "1".to_owned())
    } else {
        response
    })
}
