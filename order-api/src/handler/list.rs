//! `GET /orders`: a customer's orders, by the time of acceptance.

use aws_lambda_events::http::header::RETRY_AFTER;
use rest_function::{Request, Response};
use serde::Serialize;

use super::OrderApi;
use super::read::StoredOrder;
use crate::cursor;
use crate::list_query;
use crate::ports::{ClaimTable, OrderQueue, OrderTable, TableError};
use crate::problem::{ErrorResponse, Problem, ProblemKind};

/// The body of a 200. Only a missing `next_cursor` marks the last page: a page may hold fewer orders than `limit`.
/// `unreadable` names the orders that belong between the others and cannot be shown.
#[derive(Serialize)]
struct OrderList<'a> {
    orders: Vec<StoredOrder<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<UnreadableOrder<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct UnreadableOrder<'a> {
    order_id: &'a str,
}

impl<Q: OrderQueue, T: OrderTable, C: ClaimTable> OrderApi<Q, T, C> {
    /// Makes one call to the table. Its answer of at most 1 MB is far below the limit of a function's answer.
    pub(super) async fn list(&self, request: &Request) -> Result<Response, ErrorResponse> {
        let query = list_query::parse(&request.query()).map_err(Problem::invalid_parameters)?;
        let page = self
            .table
            .by_customer(&query)
            .await
            .map_err(|error| unreadable(request, &error))?;
        for row in &page.unreadable {
            tracing::error!(request_id = request.id(), order_id = row.order_id, error = %row.error, "order left out of a list");
        }
        let list = OrderList {
            orders: page.rows.iter().map(StoredOrder::from).collect(),
            unreadable: page
                .unreadable
                .iter()
                .map(|row| UnreadableOrder {
                    order_id: &row.order_id,
                })
                .collect(),
            next_cursor: page
                .next
                .map(|position| cursor::encode(&query.customer, position)),
        };
        Response::json(200, &list)
    }
}

fn unreadable(request: &Request, error: &TableError) -> ErrorResponse {
    tracing::error!(request_id = request.id(), %error, "orders not listed");
    match error {
        TableError::Unavailable(_) => ErrorResponse::new(
            ProblemKind::Unavailable,
            "the orders cannot be read right now; try again",
        )
        .with_header(RETRY_AFTER, "1"),
        TableError::Unreadable(_) => {
            Problem::internal("The position in the list cannot be read.", request.id()).into()
        }
    }
}
