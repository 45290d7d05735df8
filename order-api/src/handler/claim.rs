//! The decision about an order under an idempotency key: by the stored order, or else by the first claim of the key.

use aws_lambda_events::http::header::HeaderName;
use order_core::{OrderId, OrderMessage, Timestamp};
use order_table::Claim;
use rest_function::Request;
use telemetry::metrics::{self, Count};
use tokio::time::timeout;

use super::OrderApi;
use crate::ports::{Acceptance, ClaimTable, Claimed, OrderQueue, OrderTable, TableError};

/// Set to `true` on the answer to an order that an earlier request had sent under the same key.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The reason in the answer to a key that is in doubt.
pub(super) const IN_PROGRESS: &str =
    "a request with this idempotency key may still be under way; send it again in a moment";

/// The reason in the answer to a key whose order was erased.
pub(super) const ERASED: &str =
    "the order of this idempotency key was erased, and does not come back; use a new key for a new order";

/// The decision about an order under a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// This request is the first, as far as anybody knows: the order goes to the queue.
    Send(OrderMessage),
    /// An earlier request sent the same order, and nobody knows whether it reached the queue: it goes there again, as it was.
    /// order-worker recognizes copies.
    SendAgain(OrderMessage),
    /// The queue has refused the order, and no request was answered with 202 since: it goes there again, as it was.
    SendReleased(OrderMessage),
    /// The order is stored. It is not sent to the queue again, because the message that stored it stays in the queue until its
    /// event is published.
    Stored(OrderMessage),
    /// The order under the key was erased.
    Erased(OrderId),
    /// The key belongs to another order.
    Reused(OrderId),
    /// The first request may still be under way.
    InDoubt(OrderId),
}

impl Decision {
    /// The decision by the stored order.
    pub(super) fn by_stored(stored: &Acceptance, message: OrderMessage) -> Self {
        match stored {
            Acceptance::Stored {
                fingerprint,
                accepted_at: at,
            } if fingerprint.matches(&message.order) => Self::Stored(accepted_at(*at, message)),
            Acceptance::Stored { .. } => Self::Reused(message.order_id),
            Acceptance::Erased => Self::Erased(message.order_id),
        }
    }

    /// The decision by the claim. `None` stands for a table that does not answer: the order goes to the queue, and order-worker
    /// compares it with the stored one.
    pub(super) fn by_claim(claimed: Option<Claimed>, message: OrderMessage, now: Timestamp) -> Self {
        match claimed {
            None | Some(Claimed::First) => Self::Send(message),
            Some(Claimed::Before(claim)) if !claim.fingerprint.matches(&message.order) => {
                Self::Reused(message.order_id)
            }
            Some(Claimed::Before(claim)) if claim.is_in_doubt(now) => Self::InDoubt(message.order_id),
            Some(Claimed::Before(claim)) => {
                let message = accepted_at(claim.accepted_at, message);
                if claim.released_at.is_some() {
                    Self::SendReleased(message)
                } else {
                    Self::SendAgain(message)
                }
            }
        }
    }

    /// The order to send to the queue.
    pub(super) fn to_send(&self) -> Option<&OrderMessage> {
        match self {
            Self::Send(message) | Self::SendAgain(message) | Self::SendReleased(message) => Some(message),
            Self::Stored(_) | Self::Erased(_) | Self::Reused(_) | Self::InDoubt(_) => None,
        }
    }

    /// Counts the answer that follows from the decision, if the key made a difference.
    pub(super) fn count(&self) {
        match self {
            Self::SendAgain(_) | Self::Stored(_) => metrics::count(Count::RequestsRepeated, 1),
            Self::Reused(_) => metrics::count(Count::KeysReused, 1),
            Self::Send(_) | Self::SendReleased(_) | Self::Erased(_) | Self::InDoubt(_) => {}
        }
    }
}

fn accepted_at(accepted_at: Timestamp, message: OrderMessage) -> OrderMessage {
    OrderMessage {
        accepted_at,
        ..message
    }
}

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    /// Claims the keys of orders that are not stored, as far as that is known. `None` where the table is slow or away.
    pub(super) async fn claim(&self, request: &Request, messages: &[OrderMessage]) -> Vec<Option<Claimed>> {
        let claims: Vec<Claim> = messages
            .iter()
            .map(|message| Claim::of(message, self.settings.claim_doubt_time))
            .collect();
        if claims.is_empty() {
            return Vec::new();
        }
        let Ok(answers) = timeout(self.settings.key_lookup_time, self.claims.claim(&claims)).await else {
            metrics::count(Count::KeyClaimsSkipped, messages.len());
            let order_ids = join_ids(messages.iter().map(|message| message.order_id));
            tracing::warn!(
                request_id = request.id(),
                order_ids,
                "idempotency keys not claimed in time"
            );
            return vec![None; messages.len()];
        };
        answers
            .into_iter()
            .zip(messages)
            .map(|(answer, OrderMessage { order_id, .. })| {
                answer
                    .inspect_err(|error| {
                        metrics::count(Count::KeyClaimsSkipped, 1);
                        tracing::warn!(request_id = request.id(), %order_id, %error, "idempotency key not claimed");
                    })
                    .ok()
            })
            .collect()
    }

    /// Ends the doubt about orders that the queue refused, so that the next request sends them at once.
    pub(super) async fn release(&self, request: &Request, ids: &[OrderId]) {
        if !ids.is_empty() {
            let released = self.claims.release(ids, self.now());
            self.write(request, ids, released, "idempotency keys not released")
                .await;
        }
    }

    /// Takes the release of orders back that the queue has taken now.
    pub(super) async fn resume(&self, request: &Request, ids: &[OrderId]) {
        if !ids.is_empty() {
            let resumed = self.claims.resume(ids);
            self.write(request, ids, resumed, "idempotency keys not resumed")
                .await;
        }
    }

    /// Waits for a write that the answer does not depend on.
    async fn write(
        &self,
        request: &Request,
        ids: &[OrderId],
        written: impl Future<Output = Result<(), TableError>>,
        failure: &'static str,
    ) {
        let error = match timeout(self.settings.key_lookup_time, written).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        let order_ids = join_ids(ids.iter().copied());
        tracing::warn!(request_id = request.id(), order_ids, error, "{failure}");
    }
}

/// Several ids in a line of the log.
pub(super) fn join_ids(ids: impl IntoIterator<Item = OrderId>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.join(" ")
}
