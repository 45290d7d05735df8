//! `list`: lists a customer's orders.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use stack_client::{Api, Connection};
use terminal::table::format_table;
use terminal::text::{quote, sanitize_line};
use terminal::{invocation, stdout};

use crate::customer_orders::{Pages, Selection, Sequence};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Show the oldest orders first
    #[arg(long)]
    oldest_first: bool,
    /// Show at most this number of orders
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    limit: NonZeroUsize,
    /// Print each order as a line of JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn sequence(&self) -> Sequence {
        if self.oldest_first {
            Sequence::OldestFirst
        } else {
            Sequence::NewestFirst
        }
    }
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

/// Prints the customer's orders, the newest or the oldest first.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let (orders, has_more) = fetch(&arguments, &connection.api().await?).await?;
    let shown = orders.len();
    if arguments.json {
        for order in &orders {
            stdout::print_json(order)?;
        }
    } else if orders.is_empty() {
        eprintln!("this customer has no such orders, or none that is stored yet");
    } else {
        stdout::print_line(&format(orders)?)?;
    }
    if has_more {
        eprintln!(
            "there are more orders; show them by: {} list --customer {} --limit {}{}",
            invocation::program_name(),
            quote(arguments.selection.customer.as_str()),
            shown.saturating_mul(10),
            connection.options()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The first orders, and whether there are more.
async fn fetch(arguments: &Arguments, api: &Api) -> anyhow::Result<(Vec<Value>, bool)> {
    let wanted = arguments.limit.get();
    let mut orders: Vec<Value> = Vec::new();
    let mut pages = Pages::new(api, &arguments.selection, arguments.sequence());
    while orders.len() < wanted {
        match pages.next(wanted - orders.len()).await? {
            Some(page) => orders.extend(page),
            None => break,
        }
    }
    // The next page may still be empty: the API ends a list with a page that has no cursor.
    Ok((orders, pages.has_more()))
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
