//! Sending one order, and the poison.

use anyhow::Context;
use order_core::{OrderId, Timestamp};
use reqwest::{StatusCode, header};
use serde::Deserialize;
use stack_client::ApiError;
use stack_client::problem::format_problem;

use super::orders::Planned;
use super::system::{Attempt, Clients, System};

/// What the API answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// 202.
    Accepted(Accepted),
    /// No, for a reason that does not pass.
    Refused(String),
}

/// The part of a 202 that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) order_id: OrderId,
    pub(super) accepted_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Body {
    order_id: String,
    accepted_at: Timestamp,
}

/// Sends an order until it is answered, always under its key: a response that was lost is asked for again.
pub(super) async fn order(system: &System<'_>, planned: &Planned) -> anyhow::Result<Answer> {
    system.persist(async |clients| post(clients, planned).await).await
}

async fn post(clients: &Clients, planned: &Planned) -> Attempt<Answer> {
    let request = clients
        .api
        .post("/orders")
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", &planned.key)
        .body(planned.body.clone());
    let response = match clients.api.send(request).await {
        Ok(response) => response,
        Err(error @ ApiError::Unsigned(_)) => return Attempt::Done(Answer::Refused(error.to_string())),
        Err(error) => return Attempt::Again(error.into()),
    };
    let status = response.status();
    match response.bytes().await {
        Err(error) => Attempt::Again(error.into()),
        Ok(body) if status == StatusCode::ACCEPTED => match accepted(&body) {
            Ok(accepted) => Attempt::Done(Answer::Accepted(accepted)),
            Err(error) => Attempt::Done(Answer::Refused(format!("{error:#}"))),
        },
        // The key makes even a 500 safe to repeat: whatever was done is done once.
        Ok(body) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Attempt::Again(anyhow::anyhow!("{}", format_problem(status, &body)))
        }
        Ok(body) => Attempt::Done(Answer::Refused(format_problem(status, &body))),
    }
}

fn accepted(body: &[u8]) -> anyhow::Result<Accepted> {
    let body: Body =
        serde_json::from_slice(body).context("the answer to an accepted order cannot be read")?;
    Ok(Accepted {
        order_id: body.order_id.parse()?,
        accepted_at: body.accepted_at,
    })
}

/// Puts a message on the queue of orders, past the API.
pub(super) async fn poison(system: &System<'_>, body: &str) -> anyhow::Result<()> {
    let send = async |clients: &Clients| -> anyhow::Result<()> {
        let url = &clients.orders_queue_url;
        let request = clients.sqs.send_message().queue_url(url).message_body(body);
        request.send().await?;
        Ok(())
    };
    system
        .persist(async |clients| match send(clients).await {
            Ok(()) => Attempt::Done(()),
            Err(error) => Attempt::Again(error),
        })
        .await
}
