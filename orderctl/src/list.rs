//! `list`: lists a customer's orders.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::Context;
use order_core::text::CustomerId;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use stack_client::problem::format_problem;
use stack_client::{Api, Connection};
use terminal::table::format_table;
use terminal::text::{quote, sanitize_line};
use terminal::{invocation, stdout};

/// The most orders that the API returns in one page.
const MAX_PER_PAGE: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whose orders: the customer's id in the shop
    #[arg(long, value_name = "ID", value_parser = CustomerId::accept)]
    customer: CustomerId,
    /// Show at most this number of orders, the newest
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    limit: NonZeroUsize,
    /// Print each order as a line of JSON
    #[arg(long)]
    json: bool,
}

/// A page of orders.
#[derive(Debug, Deserialize)]
struct Page {
    orders: Vec<Value>,
    /// Orders that the API cannot show.
    #[serde(default)]
    unreadable: Vec<UnreadableOrder>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UnreadableOrder {
    order_id: String,
}

/// The fields of an order that the table shows.
#[derive(Debug, Deserialize)]
struct Summary {
    order_id: String,
    accepted_at: String,
    status: String,
    currency: String,
    total: String,
    items: Vec<Value>,
}

/// Prints the customer's newest orders, newest first.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let (orders, has_more) = fetch(&arguments, &connection.api().await?).await?;
    let shown = orders.len();
    if arguments.json {
        for order in &orders {
            stdout::print_json(order)?;
        }
    } else if orders.is_empty() {
        eprintln!("this customer has no orders, or none that is stored yet");
    } else {
        stdout::print_line(&format(orders)?)?;
    }
    if has_more {
        eprintln!(
            "there are more, older orders; show them by: {} list --customer {} --limit {}{}",
            invocation::program_name(),
            quote(arguments.customer.as_str()),
            shown.saturating_mul(10),
            connection.options()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest orders, and whether there are more.
async fn fetch(arguments: &Arguments, api: &Api) -> anyhow::Result<(Vec<Value>, bool)> {
    let wanted = arguments.limit.get();
    let mut orders: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    while orders.len() < wanted {
        let limit = (wanted - orders.len()).min(MAX_PER_PAGE).to_string();
        let mut query = vec![("customer_id", arguments.customer.as_str()), ("limit", &limit)];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let url = Url::parse_with_params(&api.url("/orders"), query)?;
        let path = format!("/orders?{}", url.query().unwrap_or_default());
        let response = api
            .send(api.get(&path))
            .await
            .with_context(|| format!("no answer from {}", api.url("/orders")))?;
        let status = response.status();
        let body = response.bytes().await.context("the answer was cut off")?;
        if status != StatusCode::OK {
            anyhow::bail!("{}", format_problem(status, &body));
        }
        let page: Page = serde_json::from_slice(&body).context("the answer is no list of orders")?;
        for order in &page.unreadable {
            eprintln!(
                "order {} is stored, but the API cannot read it; its log says why",
                sanitize_line(&order.order_id)
            );
        }
        orders.extend(page.orders);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok((orders, false)),
        }
    }
    // The next page may still be empty: the API ends a list with a page that has no cursor.
    Ok((orders, true))
}

fn format(orders: Vec<Value>) -> anyhow::Result<String> {
    let rows = orders.into_iter().map(|order| {
        let order: Summary = serde_json::from_value(order).context("the answer is no list of orders")?;
        Ok([
            sanitize_line(&order.order_id),
            sanitize_line(&order.accepted_at),
            sanitize_line(&order.status),
            order.items.len().to_string(),
            sanitize_line(&format!("{} {}", order.currency, order.total)),
        ])
    });
    let rows: Vec<[String; 5]> = rows.collect::<anyhow::Result<_>>()?;
    Ok(format_table(
        ["ORDER", "ACCEPTED", "STATUS", "ITEMS", "TOTAL"],
        &rows,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn orders_are_shown_in_a_table() {
        let order = |id: &str, status: &str| {
            json!({"order_id": id, "accepted_at": "2026-11-23T09:35:00.000Z", "status": status, "currency": "EUR",
                "total": "64.60", "items": [{}, {}], "customer": {"id": "c"}})
        };
        let orders = vec![
            order("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", "notified"),
            order("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7a", "confirmed"),
        ];
        insta::assert_snapshot!(format(orders).unwrap(), @r"
        ORDER                                 ACCEPTED                  STATUS     ITEMS  TOTAL
        0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  2026-11-23T09:35:00.000Z  notified   2      EUR 64.60
        0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7a  2026-11-23T09:35:00.000Z  confirmed  2      EUR 64.60
        ");
        assert!(format(vec![json!({})]).is_err());
    }
}
