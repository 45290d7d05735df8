//! `GET /orders`: a customer's orders, newest first.

use aws_lambda_events::http::header::RETRY_AFTER;
use order_core::problem::{Problem, ProblemKind};
use serde::Serialize;

use super::OrderApi;
use super::read::StoredOrder;
use crate::cursor;
use crate::list_query::ListQuery;
use crate::ports::{OrderQueue, OrderTable, TableError};
use crate::request::Request;
use crate::response::{Refusal, Response};

/// The body of a 200. Only a missing `next_cursor` is the end: a page may hold fewer orders than were asked for.
#[derive(Serialize)]
struct OrderList<'a> {
    orders: Vec<StoredOrder<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<Q: OrderQueue, T: OrderTable> OrderApi<Q, T> {
    /// One call to the table, whose answer of at most 1 MB stays far below what a function may return.
    pub(super) async fn list(&self, request: &Request) -> Result<Response, Refusal> {
        let ListQuery {
            customer,
            limit,
            after,
        } = ListQuery::parse(&request.query()).map_err(Problem::invalid_parameters)?;
        let page = self
            .table
            .by_customer(&customer, after, limit)
            .await
            .map_err(|error| unreadable(request, &error))?;
        let list = OrderList {
            orders: page.rows.iter().map(StoredOrder::from).collect(),
            next_cursor: page.next.map(|position| cursor::encode(&customer, position)),
        };
        Response::json(200, &list)
    }
}

fn unreadable(request: &Request, error: &TableError) -> Refusal {
    tracing::error!(request_id = request.id(), %error, "orders not listed");
    match error {
        TableError::Unavailable(_) => Refusal::new(
            ProblemKind::Unavailable,
            "the orders cannot be read right now; try again",
        )
        .with_header(RETRY_AFTER, "1"),
        TableError::Unreadable(_) => Refusal::new(
            ProblemKind::Internal,
            "an order of the list is stored and cannot be read; tell us the request_id",
        ),
    }
}
