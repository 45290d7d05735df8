//! `POST /orders/{id}/cancel`: asks to cancel an order.

use std::time::Duration;

use aws_lambda_events::http::header::{LOCATION, RETRY_AFTER};
use order_core::violation::shortened;
use order_core::{CancellationMessage, Order, OrderId, Pointer, Timestamp, Violations};
use order_table::{Cancellation, Stored};
use rest_function::{Body, Request, Response};
use serde::Serialize;
use tokio::time::timeout;

use super::OrderApi;
use super::read::{erased, not_found, order_id};
use crate::caller;
use crate::ports::{ClaimTable, OrderQueue, OrderTable, TableError};
use crate::problem::{ErrorResponse, Problem, ProblemKind};

/// The most bytes of a body, which has no field.
const MAX_BODY_BYTES: usize = 1024;

/// The longest time for which SQS keeps a message. An order that was accepted before is stored, or it is a dead letter, or it is lost.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const LONGEST_WAIT: Duration = Duration::from_hours(14 * 24);

/// How far the clocks of two instances may be apart.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// The body of a 200 and of a 202.
#[derive(Serialize)]
struct CancellationReceipt {
    order_id: OrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<Timestamp>,
}

/// The order to cancel, as far as it is known.
enum Known {
    /// It is stored.
    Stored(Box<Order>),
    /// It is accepted, or it may be: nobody can tell while it is only in the queue, or while a table does not answer.
    Perhaps,
    /// It was cancelled before.
    Cancelled(Cancellation),
}

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    /// Sends a message to the queue, and order-worker cancels the order. That may be before the order is stored: the message waits for it.
    pub(super) async fn cancel(&self, request: &Request, id: &str) -> Result<Response, ErrorResponse> {
        let order_id = order_id(id)?;
        check_body(request)?;
        let known = self.to_cancel(request, order_id).await?;
        let location = location(request.public_path(), order_id);
        let order = match known {
            Known::Cancelled(cancellation) => {
                let receipt = CancellationReceipt {
                    order_id,
                    requested_at: None,
                    cancelled_at: Some(cancellation.cancelled_at),
                };
                let response = Response::json(200, &receipt)?.with_header(LOCATION, location);
                return Ok(response.about(&order_id));
            }
            Known::Stored(order) => Some(order),
            Known::Perhaps => None,
        };
        let message = CancellationMessage {
            order_id,
            requested_at: self.now(),
        };
        let sent = self
            .queue
            .send_cancellation(&message, order.as_deref(), caller::trace(request));
        if let Err(error) = sent.await {
            tracing::error!(request_id = request.id(), %order_id, %error, "cancellation not enqueued");
            let detail = "the order may or may not be cancelled; the request can safely be sent again";
            let response = ErrorResponse::new(ProblemKind::Unavailable, detail).with_header(RETRY_AFTER, "1");
            return Err(response.about(&order_id));
        }
        let receipt = CancellationReceipt {
            order_id,
            requested_at: Some(message.requested_at),
            cancelled_at: None,
        };
        let response = Response::json(202, &receipt)?.with_header(LOCATION, location);
        Ok(response.about(&order_id))
    }

    /// Looks the order up. A table that is slow or away refuses nothing: order-worker decides.
    async fn to_cancel(&self, request: &Request, order_id: OrderId) -> Result<Known, ErrorResponse> {
        let read = self.look_up(request, order_id, self.table.order(order_id));
        match read.await {
            Some(Some(Stored::Erased(tombstone))) => return Err(erased(&tombstone)),
            Some(Some(Stored::Order(row))) => {
                return Ok(match row.cancellation {
                    Some(cancellation) => Known::Cancelled(cancellation),
                    None => Known::Stored(Box::new(row.order)),
                });
            }
            Some(None) if !may_be_in_the_queue(order_id, self.now()) => {}
            Some(None) | None => return Ok(Known::Perhaps),
        }
        let read = self.look_up(request, order_id, self.claims.unstored(order_id));
        match read.await {
            Some(unstored) if !unstored.is_accepted() => Err(not_found(order_id)),
            Some(_) | None => Ok(Known::Perhaps),
        }
    }

    /// The answer of a table. `None` if it is slow or away.
    async fn look_up<R>(
        &self,
        request: &Request,
        order_id: OrderId,
        read: impl Future<Output = Result<R, TableError>>,
    ) -> Option<R> {
        let read = timeout(self.settings.key_lookup_time, read).await.ok()?;
        read.inspect_err(|error| {
            tracing::warn!(request_id = request.id(), %order_id, %error, "order to cancel not read");
        })
        .ok()
    }
}

/// The path of the order. Its id is in lowercase, as in the body, also if the request has it in uppercase.
fn location(path: &str, order_id: OrderId) -> String {
    let order = path.strip_suffix("/cancel").unwrap_or(path);
    let orders = order.rsplit_once('/').map_or("/orders", |(orders, _)| orders);
    format!("{orders}/{order_id}")
}

/// Whether an order without an idempotency key may be in the queue alone, where nobody can look it up. Its id holds its time.
fn may_be_in_the_queue(order_id: OrderId, now: Timestamp) -> bool {
    let now = now.as_offset_date_time();
    order_id.made_at().is_some_and(|made_at| {
        let made_at = made_at.as_offset_date_time();
        now - LONGEST_WAIT <= made_at && made_at <= now + CLOCK_SKEW
    })
}

/// A body is not needed. One that is sent is an object without fields, so that fields can be added later.
fn check_body(request: &Request) -> Result<(), ErrorResponse> {
    if request.body().is_empty() {
        return Ok(());
    }
    let body = Body::of(request, MAX_BODY_BYTES)?;
    let document = body.document()?;
    let mut violations = Violations::default();
    match document.as_object() {
        Some(fields) => {
            for (name, _) in fields.iter() {
                violations.push(
                    Pointer::Member(&Pointer::WHOLE, &shortened(name)),
                    "is not a field here; there is none",
                );
            }
        }
        None => violations.push(String::new(), "must be an object"),
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(violations).into())
    }
}
