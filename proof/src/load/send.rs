//! Sending an order or a poison message until the result is known.

use anyhow::Context;
use order_core::{OrderId, Timestamp};
use reqwest::{StatusCode, header};
use serde::Deserialize;
use stack_client::ApiError;
use stack_client::problem::format_problem;

use super::orders::PlannedOrder;
use super::system::{Attempt, Clients, System};

/// The answer of the API.
#[derive(Debug)]
pub(super) enum Answer {
    /// The order was accepted (status 202).
    Accepted(Accepted),
    /// The order was refused, and a retry would be refused too.
    Refused(String),
}

/// An accepted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) order_id: OrderId,
    pub(super) accepted_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct AcceptedBody {
    order_id: String,
    accepted_at: Timestamp,
}

/// Sends an order until it is answered, always with the same idempotency key, so that a retry returns a lost answer.
pub(super) async fn send_order(system: &System<'_>, planned: &PlannedOrder) -> anyhow::Result<Answer> {
    system
        .retry_until_decided(async |clients| post_order(clients, planned).await)
        .await
}

async fn post_order(clients: &Clients, planned: &PlannedOrder) -> Attempt<Answer> {
    let request = clients
        .api
        .post("/orders")
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", &planned.key)
        .body(planned.body.clone());
    let response = match clients.api.send(request).await {
        Ok(response) => response,
        Err(error @ ApiError::Unsigned(_)) => return Attempt::Done(Answer::Refused(error.to_string())),
        Err(error) => return Attempt::Retry(error.into()),
    };
    let status = response.status();
    match response.bytes().await {
        Err(error) => Attempt::Retry(error.into()),
        Ok(body) if status == StatusCode::ACCEPTED => match parse_accepted(&body) {
            Ok(accepted) => Attempt::Done(Answer::Accepted(accepted)),
            Err(error) => Attempt::Done(Answer::Refused(format!("{error:#}"))),
        },
        // The idempotency key makes a retry safe even after status 500. After a conflict an earlier request with the key may still be
        // under way.
        Ok(body)
            if status.is_server_error()
                || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT) =>
        {
            Attempt::Retry(anyhow::anyhow!("{}", format_problem(status, &body)))
        }
        Ok(body) => Attempt::Done(Answer::Refused(format_problem(status, &body))),
    }
}

fn parse_accepted(body: &[u8]) -> anyhow::Result<Accepted> {
    let body: AcceptedBody =
        serde_json::from_slice(body).context("the answer to an accepted order cannot be read")?;
    Ok(Accepted {
        order_id: body.order_id.parse()?,
        accepted_at: body.accepted_at,
    })
}

/// Sends a poison message to the queue of orders, without the API.
pub(super) async fn send_poison(system: &System<'_>, body: &str) -> anyhow::Result<()> {
    let send = async |clients: &Clients| -> anyhow::Result<()> {
        let url = &clients.orders_queue_url;
        let request = clients.sqs.send_message().queue_url(url).message_body(body);
        request.send().await?;
        Ok(())
    };
    system
        .retry_until_decided(async |clients| match send(clients).await {
            Ok(()) => Attempt::Done(()),
            Err(error) => Attempt::Retry(error),
        })
        .await
}
