//! `POST /orders/batch`: accepts many orders, each on its own.

use std::collections::{HashMap, HashSet};

use aws_lambda_events::http::header::RETRY_AFTER;
use order_core::batch::{self, BatchItem, BatchItemError};
use order_core::{IdempotencyKey, Order, OrderId, OrderMessage, Timestamp};
use rest_function::{Body, Request, Response};
use serde::Serialize;
use telemetry::metrics::{self, Count};
use tokio::time::timeout;

use super::OrderApi;
use super::claim::{Decision, ERASED, IN_PROGRESS, join_ids};
use super::receipt::Receipt;
use crate::caller;
use crate::ports::{Acceptance, ClaimTable, OrderQueue, OrderTable};
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
    /// Whether an earlier request had sent the order.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    idempotent_replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// The order of an item, or the reason why it has none.
enum Entry {
    /// Its order is stored, or its key belongs to another stored order.
    Stored(Decision),
    /// Its key decides, by the claim of the order at this index.
    Claimed(usize),
    Refused(Problem),
}

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    /// Makes at most one call to the table of orders, one to the table of claims for each 25 orders and one for those that were claimed
    /// before, and one to the queue for each ten orders.
    pub(super) async fn place_batch(&self, request: &Request) -> Result<Response, ErrorResponse> {
        if !request.header("idempotency-key").is_empty() {
            let detail =
                "Idempotency-Key: must not be sent here; each entry has an idempotency_key of its own";
            return Err(ErrorResponse::new(ProblemKind::Malformed, detail));
        }
        let body = Body::of(request, batch::MAX_BODY_BYTES)?;
        let now = self.now();
        let items = batch::parse(body.document()?, now).map_err(Problem::invalid)?;
        let keys: Vec<Option<IdempotencyKey>> = items.iter().map(key).collect();
        let (entries, messages) = self.classify(request, items, now).await;
        let claimed = self.claim(request, &messages).await;
        let decisions: Vec<Decision> = messages
            .into_iter()
            .zip(claimed)
            .map(|(message, claimed)| Decision::by_claim(claimed, message, now))
            .collect();
        let not_enqueued = self.send(request, &decisions).await;
        let answer = |decision: &Decision| {
            decision.count();
            match decision {
                Decision::Send(message) | Decision::SendAgain(message) | Decision::SendReleased(message)
                    if not_enqueued.contains(&message.order_id) =>
                {
                    ItemAnswer::refused(not_enqueued_problem())
                }
                Decision::Send(message) | Decision::SendReleased(message) => {
                    ItemAnswer::accepted(request, message, false)
                }
                Decision::SendAgain(message) | Decision::Stored(message) => {
                    ItemAnswer::accepted(request, message, true)
                }
                Decision::Erased(_) => ItemAnswer::refused(Problem::new(ProblemKind::OrderErased, ERASED)),
                Decision::Reused(_) => ItemAnswer::refused(key_reused()),
                Decision::InDoubt(_) => {
                    ItemAnswer::refused(Problem::new(ProblemKind::InProgress, IN_PROGRESS))
                }
            }
        };
        let results: Vec<ItemAnswer<'_>> = entries
            .into_iter()
            .zip(&keys)
            .map(|(entry, key)| {
                let item = match entry {
                    Entry::Refused(problem) => ItemAnswer::refused(problem),
                    Entry::Stored(decision) => answer(&decision),
                    // `classify` counts the messages, so that there is a decision for each.
                    Entry::Claimed(index) => decisions
                        .get(index)
                        .map_or_else(|| ItemAnswer::refused(not_enqueued_problem()), &answer),
                };
                ItemAnswer {
                    idempotency_key: key.as_ref().map(IdempotencyKey::as_str),
                    ..item
                }
            })
            .collect();
        answered(request, results)
    }

    /// Sends the orders to the queue, and notes in the claims what became of them. Returns the ids of those that may not be there.
    async fn send(&self, request: &Request, decisions: &[Decision]) -> HashSet<OrderId> {
        let messages: Vec<OrderMessage> = decisions.iter().filter_map(Decision::to_send).cloned().collect();
        if messages.is_empty() {
            return HashSet::new();
        }
        let mut sent = self
            .queue
            .send_all(&messages, caller::trace(request))
            .await
            .into_iter();
        let mut failed = HashSet::new();
        for OrderMessage { order_id, .. } in &messages {
            match sent.next() {
                Some(Ok(())) => {}
                // A message without an answer may not be in the queue.
                None => {
                    failed.insert(*order_id);
                }
                Some(Err(error)) => {
                    tracing::error!(request_id = request.id(), %order_id, %error, "order not enqueued");
                    failed.insert(*order_id);
                }
            }
        }
        let (mut released, mut resumed) = (Vec::new(), Vec::new());
        for decision in decisions {
            match decision {
                Decision::Send(message) if failed.contains(&message.order_id) => {
                    released.push(message.order_id);
                }
                Decision::SendReleased(message) if !failed.contains(&message.order_id) => {
                    resumed.push(message.order_id);
                }
                _ => {}
            }
        }
        self.release(request, &released).await;
        self.resume(request, &resumed).await;
        failed
    }

    /// Decides about each item by the stored orders, and collects the others: one message per key.
    async fn classify(
        &self,
        request: &Request,
        items: Vec<BatchItem>,
        accepted_at: Timestamp,
    ) -> (Vec<Entry>, Vec<OrderMessage>) {
        let owner = self.settings.tenants.owner(caller::caller(request));
        let identified: Vec<Result<(OrderId, Order), BatchItemError>> = items
            .into_iter()
            .map(|item| match item {
                BatchItem::Valid { key, order } => Ok((OrderId::from_idempotency_key(&owner, &key), order)),
                BatchItem::Invalid { error, .. } => Err(error),
            })
            .collect();
        let stored = self.acceptances(request, &identified).await;
        let mut messages: Vec<OrderMessage> = Vec::new();
        // The index of each order's message.
        let mut indices: HashMap<OrderId, usize> = HashMap::new();
        let entries = identified.into_iter().map(|item| {
            let (order_id, order) = match item {
                Ok(valid) => valid,
                Err(BatchItemError::Violations(violations)) => {
                    return Entry::Refused(Problem::invalid(violations));
                }
                Err(error @ BatchItemError::TooLarge) => {
                    return Entry::Refused(Problem::new(ProblemKind::TooLarge, error.to_string()));
                }
            };
            let message = OrderMessage::new(order_id, accepted_at, order);
            if let Some(stored) = stored.get(&order_id) {
                return Entry::Stored(Decision::by_stored(stored, message));
            }
            match indices.get(&order_id).copied() {
                Some(index) if messages[index].fingerprint == message.fingerprint => Entry::Claimed(index),
                Some(_) => {
                    metrics::count(Count::KeysReused, 1);
                    Entry::Refused(key_reused())
                }
                None => {
                    indices.insert(order_id, messages.len());
                    messages.push(message);
                    Entry::Claimed(messages.len() - 1)
                }
            }
        });
        (entries.collect(), messages)
    }

    /// How the orders under the keys were accepted, if they are stored. None also if the table is slow or away: the claims
    /// then decide.
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
                let order_ids = join_ids(ids.iter().copied());
                tracing::warn!(request_id = request.id(), order_ids, %error, "idempotency keys not looked up");
                HashMap::new()
            }
            Err(_) => {
                metrics::count(Count::KeyLookupsSkipped, ids.len());
                let order_ids = join_ids(ids.iter().copied());
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
    fn accepted(request: &Request, message: &OrderMessage, idempotent_replayed: bool) -> Self {
        let path = request.public_path();
        let orders = path.strip_suffix("/batch").unwrap_or(path);
        Self {
            status: 202,
            idempotency_key: None,
            idempotent_replayed,
            location: Some(format!("{orders}/{}", message.order_id)),
            accepted: Some(Receipt::of(message)),
            problem: None,
        }
    }

    fn refused(problem: Problem) -> Self {
        Self {
            status: problem.status(),
            idempotency_key: None,
            idempotent_replayed: false,
            location: None,
            accepted: None,
            problem: Some(problem),
        }
    }
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

fn not_enqueued_problem() -> Problem {
    Problem::new(
        ProblemKind::Unavailable,
        "the order may or may not be accepted; the entry can safely be sent again",
    )
}

fn answered(request: &Request, results: Vec<ItemAnswer<'_>>) -> Result<Response, ErrorResponse> {
    let count =
        |is_counted: fn(u16) -> bool| results.iter().filter(|result| is_counted(result.status)).count();
    let accepted = count(|status| status == 202);
    let (unavailable, in_progress) = (count(|status| status == 503), count(|status| status == 409));
    for result in &results {
        super::count_answer(result.status);
    }
    let receipts = results.iter().filter_map(|result| result.accepted.as_ref());
    tracing::info!(
        request_id = request.id(),
        entries = results.len(),
        accepted,
        unavailable,
        in_progress,
        order_ids = join_ids(receipts.map(Receipt::order_id)),
        "batch request answered"
    );
    let response = Response::json(207, &BatchAnswer { results })?;
    Ok(if unavailable + in_progress > 0 {
        response.with_header(RETRY_AFTER, "1".to_owned())
    } else {
        response
    })
}
