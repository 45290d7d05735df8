//! `GET /orders/{id}`: one order, as it is stored, or as its claim or the mark of its dead letter knows it before.

use aws_lambda_events::http::header::RETRY_AFTER;
use order_core::order::MetadataDocument;
use order_core::text::{Note, Reference};
use order_core::{Customer, Item, OrderId, Timestamp, Trace};
use order_table::{Claim, OrderRow, Stored, Tombstone};
use rest_function::{Request, Response};
use serde::Serialize;

use super::OrderApi;
use crate::ports::{ClaimTable, OrderQueue, OrderTable, TableError, Unstored};
use crate::problem::{ErrorResponse, Problem, ProblemKind};

/// A stored order in the body of a 200.
#[derive(Serialize)]
pub(super) struct StoredOrder<'a> {
    order_id: OrderId,
    status: &'static str,
    accepted_at: Timestamp,
    confirmed_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    notified_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<Timestamp>,
    fingerprint: String,
    customer: &'a Customer,
    currency: &'static str,
    items: &'a [Item],
    total: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<MetadataDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

/// An accepted order that is not stored, in the body of a 202.
#[derive(Serialize)]
struct UnstoredOrder<'a> {
    order_id: OrderId,
    status: &'static str,
    accepted_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> From<&'a OrderRow> for StoredOrder<'a> {
    fn from(row: &'a OrderRow) -> Self {
        let order = &row.order;
        Self {
            order_id: row.order_id,
            status: row.status().as_str(),
            accepted_at: row.accepted_at,
            confirmed_at: row.confirmed_at,
            notified_at: row.notification.as_ref().map(|sent| sent.notified_at),
            notification_id: row.notification.as_ref().map(|sent| sent.id.as_str()),
            cancelled_at: row
                .cancellation
                .as_ref()
                .map(|cancellation| cancellation.cancelled_at),
            fingerprint: row.fingerprint.to_string(),
            customer: order.customer(),
            currency: order.currency().code(),
            items: order.items(),
            total: order.total().decimal(),
            note: order.note().map(Note::as_str),
            reference: order.reference().map(Reference::as_str),
            metadata: (!order.metadata().is_empty()).then(|| MetadataDocument(order.metadata())),
            traceparent: row.trace.map(Trace::to_traceparent),
        }
    }
}

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    pub(super) async fn read(&self, request: &Request, id: &str) -> Result<Response, ErrorResponse> {
        let order_id = order_id(id)?;
        match self.table.order(order_id).await {
            Ok(Some(Stored::Order(row))) => {
                Ok(Response::json(200, &StoredOrder::from(&*row))?.about(&order_id))
            }
            Ok(Some(Stored::Erased(tombstone))) => Err(erased(&tombstone)),
            Ok(None) => self.read_unstored(request, order_id).await,
            Err(error) => Err(unreadable(request, order_id, &error)),
        }
    }

    /// The answer about an order that is not stored: order-worker stores an accepted order a moment later.
    async fn read_unstored(&self, request: &Request, order_id: OrderId) -> Result<Response, ErrorResponse> {
        match self.claims.unstored(order_id).await {
            // An operator repairs and replays it, or deletes it: that takes a while.
            Ok(Unstored {
                failure: Some(failure),
                claim,
            }) => {
                let order = UnstoredOrder {
                    order_id,
                    status: "failed",
                    accepted_at: claim.map_or(failure.accepted_at, |claim| claim.accepted_at),
                    failed_at: Some(failure.failed_at),
                    reason: Some(&failure.error_code),
                };
                Ok(Response::json(202, &order)?
                    .with_header(RETRY_AFTER, "60".to_owned())
                    .about(&order_id))
            }
            Ok(Unstored {
                claim:
                    Some(Claim {
                        accepted_at,
                        released_at: None,
                        ..
                    }),
                failure: None,
            }) => {
                let order = UnstoredOrder {
                    order_id,
                    status: "accepted",
                    accepted_at,
                    failed_at: None,
                    reason: None,
                };
                Ok(Response::json(202, &order)?
                    .with_header(RETRY_AFTER, "1".to_owned())
                    .about(&order_id))
            }
            // The queue has refused an order whose claim was released, and its client got a 503.
            Ok(_) => Err(not_found(order_id)),
            Err(error) => Err(unreadable(request, order_id, &error)),
        }
    }
}

/// The id in a path. The table compares keys byte by byte, and RFC 9562 lets a client write a UUID in uppercase.
pub(super) fn order_id(text: &str) -> Result<OrderId, ErrorResponse> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|error: order_core::id::OrderIdError| {
            ErrorResponse::new(ProblemKind::NotFound, error.to_string())
        })
}

/// The answer about an erased order.
pub(super) fn erased(tombstone: &Tombstone) -> ErrorResponse {
    let Tombstone {
        order_id, erased_at, ..
    } = tombstone;
    let detail = format!("the order was erased at {erased_at}, and does not come back");
    ErrorResponse::new(ProblemKind::OrderErased, detail).about(order_id)
}

/// The answer about an order of which nothing is known.
pub(super) fn not_found(order_id: OrderId) -> ErrorResponse {
    let detail = "no order with this id is stored or was accepted under an idempotency key; an order without a key is stored a moment \
                  after it was accepted";
    ErrorResponse::new(ProblemKind::OrderNotFound, detail)
        .with_header(RETRY_AFTER, "1")
        .about(&order_id)
}

fn unreadable(request: &Request, order_id: OrderId, error: &TableError) -> ErrorResponse {
    tracing::error!(request_id = request.id(), %order_id, %error, "order not read");
    let response = match error {
        TableError::Unavailable(_) => ErrorResponse::new(
            ProblemKind::Unavailable,
            "the order cannot be read right now; try again",
        )
        .with_header(RETRY_AFTER, "1"),
        TableError::Unreadable(_) => {
            Problem::internal("The order is stored, but cannot be read.", request.id()).into()
        }
    };
    response.about(&order_id)
}
