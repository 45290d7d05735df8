//! `POST /orders`: accepts an order.

use aws_lambda_events::http::header::{LOCATION, RETRY_AFTER};
use order_core::order::MAX_BODY_BYTES;
use order_core::{IdempotencyKey, Order, OrderId, OrderMessage, Timestamp};
use rest_function::{Body, Request, Response};
use telemetry::metrics::{self, Count};
use tokio::time::timeout;

use super::OrderApi;
use super::claim::{Decision, ERASED, IN_PROGRESS, REPLAYED};
use super::receipt::Receipt;
use crate::caller;
use crate::key_rule::KeyRule;
use crate::ports::{Acceptance, ClaimTable, OrderQueue, OrderTable};
use crate::problem::{ErrorResponse, Problem, ProblemKind};

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    /// Makes one call to AWS without an idempotency key. With a key it looks up the stored order, claims the key if there is none, and
    /// then sends the order.
    pub(super) async fn place(&self, request: &Request) -> Result<Response, ErrorResponse> {
        let key = idempotency_key(request)?;
        if key.is_none() && self.settings.key_rule == KeyRule::Required {
            let detail = "Idempotency-Key: must be sent here; send a new key with each new order";
            return Err(ErrorResponse::new(ProblemKind::IdempotencyKeyRequired, detail));
        }
        let now = self.now();
        let body = Body::of(request, MAX_BODY_BYTES)?;
        let order = Order::accept(body.document()?, now).map_err(Problem::invalid)?;
        let Some(key) = key else {
            let message = OrderMessage::new(OrderId::new((self.new_id)()), now, order);
            return self.enqueue(request, message).await;
        };
        let owner = self.settings.tenants.owner(caller::caller(request));
        let order_id = OrderId::from_idempotency_key(&owner, &key);
        let message = OrderMessage::new(order_id, now, order);
        let decision = if let Some(stored) = self.acceptance(request, order_id).await {
            Decision::by_stored(&stored, message)
        } else {
            let claimed = self.claim(request, std::slice::from_ref(&message)).await.pop();
            Decision::by_claim(claimed.flatten(), message, now)
        };
        decision.count();
        match decision {
            Decision::Send(message) => {
                let answer = self.enqueue(request, message).await;
                if answer.is_err() {
                    self.release(request, &[order_id]).await;
                }
                answer
            }
            Decision::SendAgain(message) => Ok(replayed(self.enqueue(request, message).await?)),
            Decision::SendReleased(message) => {
                let response = self.enqueue(request, message).await?;
                self.resume(request, &[order_id]).await;
                Ok(response)
            }
            Decision::Stored(message) => Ok(replayed(accepted(request, &message)?)),
            Decision::Erased(order_id) => {
                Err(ErrorResponse::new(ProblemKind::OrderErased, ERASED).about(&order_id))
            }
            Decision::Reused(order_id) => {
                let detail =
                    "another order was sent with this Idempotency-Key; use a new key for a new order";
                Err(ErrorResponse::new(ProblemKind::IdempotencyKeyReused, detail).about(&order_id))
            }
            Decision::InDoubt(order_id) => Err(ErrorResponse::new(ProblemKind::InProgress, IN_PROGRESS)
                .with_header(RETRY_AFTER, "1")
                .about(&order_id)),
        }
    }

    /// How the order under a key was accepted, if it is stored. None also if the table is slow or away: the claim then
    /// decides.
    async fn acceptance(&self, request: &Request, order_id: OrderId) -> Option<Acceptance> {
        match timeout(self.settings.key_lookup_time, self.table.acceptance(order_id)).await {
            Ok(Ok(acceptance)) => acceptance,
            Ok(Err(error)) => {
                metrics::count(Count::KeyLookupsSkipped, 1);
                tracing::warn!(request_id = request.id(), %order_id, %error, "idempotency key not looked up");
                None
            }
            Err(_) => {
                metrics::count(Count::KeyLookupsSkipped, 1);
                tracing::warn!(request_id = request.id(), %order_id, "idempotency key not looked up in time");
                None
            }
        }
    }

    async fn enqueue(&self, request: &Request, message: OrderMessage) -> Result<Response, ErrorResponse> {
        if let Err(error) = self.queue.send(&message, caller::trace(request)).await {
            tracing::error!(request_id = request.id(), order_id = %message.order_id, %error, "order not enqueued");
            let detail =
                "the order may or may not be accepted; with an Idempotency-Key it can safely be sent again";
            let response = ErrorResponse::new(ProblemKind::Unavailable, detail).with_header(RETRY_AFTER, "1");
            return Err(response.about(&message.order_id));
        }
        accepted(request, &message)
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::new((self.now)())
    }
}

/// Says that an earlier request had sent the order.
fn replayed(response: Response) -> Response {
    response.with_header(REPLAYED, "true".to_owned())
}

fn accepted(request: &Request, message: &OrderMessage) -> Result<Response, ErrorResponse> {
    let order_id = message.order_id;
    let location = format!("{}/{order_id}", request.public_path());
    Ok(Response::json(202, &Receipt::of(message))?
        .with_header(LOCATION, location)
        .about(&order_id))
}

fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, ErrorResponse> {
    let malformed =
        |detail: String| ErrorResponse::new(ProblemKind::Malformed, format!("Idempotency-Key: {detail}"));
    match request.header("idempotency-key").as_slice() {
        [] => Ok(None),
        [value] => {
            // A value that is not ASCII is not a key. As an empty text it is refused with the right detail.
            let text = value.to_str().unwrap_or_default();
            IdempotencyKey::parse(text)
                .map(Some)
                .map_err(|error| malformed(error.to_string()))
        }
        _ => Err(malformed("must be sent once".to_owned())),
    }
}
