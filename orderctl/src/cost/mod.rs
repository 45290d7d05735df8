//! `cost`: what the orders of the system on this machine would cost on AWS.
//!
//! The local cloud counts billed units (`/_local/usage`); this multiplies them by a table of prices.

mod bill;
mod dollars;
mod prices;
mod view;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use cloud_billing::{Units, Usage};
use reqwest::StatusCode;
use serde::Deserialize;
use stack_client::{Connection, LocalControl, Metrics, Target};
use terminal::exit::UsageError;
use terminal::stdout;

use bill::{Bill, Counted, Monthly, Orders};
use prices::Prices;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Count from the point of an earlier `cost --json`, whose output is in this file [default: from the start of the system]
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Take the prices from this file, in the form of orderctl/src/cost/prices.yaml [default: those in the program]
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The answer of `/_local/usage`.
#[derive(Debug, Deserialize)]
struct Answer {
    usage: Usage,
    custom_metrics: u64,
    alarm_metrics: u64,
}

/// Prints the bill of the orders that were stored.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    if connection.target() == Target::Aws {
        let text = "cost is about a system on this machine; on AWS, Cost Explorer and the dashboard of the stack show what it costs";
        return Err(UsageError(text.to_owned()).into());
    }
    let prices = Prices::read(arguments.prices.as_deref())?;
    let earlier = arguments.since.as_deref().map(read_earlier).transpose()?;
    let control = connection.local_control().await?;
    let usage: Answer = serde_json::from_slice(&read(&control, "usage").await?)
        .context("the usage cannot be read: the system has another version than this command")?;
    let metrics = Metrics::parse(&String::from_utf8_lossy(&read(&control, "metrics").await?));
    let counted = Counted {
        orders: orders(&metrics),
        units: sum(&usage.usage),
    };
    let counted = counted.since(earlier.unwrap_or_default());
    let monthly = Monthly {
        polled_queues: usage.usage.polled_queues.len() as u64,
        alarm_metrics: usage.alarm_metrics,
        custom_metrics: usage.custom_metrics,
    };
    let bill = Bill::new(counted, monthly, &prices);
    if arguments.json {
        stdout::print_document(1, &bill)?;
        return Ok(ExitCode::SUCCESS);
    }
    anyhow::ensure!(
        counted.orders.stored > 0,
        "no order was stored meanwhile: place some, wait until they are notified, and ask again"
    );
    stdout::print_line(&view::format(&bill))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads what an earlier `cost --json` counted.
fn read_earlier(file: &Path) -> anyhow::Result<Counted> {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no output of cost --json", file.display()))
}

async fn read(control: &LocalControl, path: &str) -> anyhow::Result<Vec<u8>> {
    let answer = control.get(path).send().await;
    let answer = answer.context("the system does not answer")?;
    anyhow::ensure!(
        answer.status() == StatusCode::OK,
        "the usage cannot be read: {} answered {}",
        control.url(path),
        answer.status()
    );
    Ok(answer.bytes().await.context("the answer was cut off")?.into())
}

fn sum(usage: &Usage) -> Units {
    let mut sum = Units::default();
    for units in usage.stack.values() {
        sum += *units;
    }
    sum
}

fn orders(metrics: &Metrics) -> Orders {
    Orders {
        accepted: metrics.count("orders_orders_accepted"),
        stored: metrics.count("orders_orders_confirmed"),
        notified: metrics.count("orders_orders_notified"),
    }
}
