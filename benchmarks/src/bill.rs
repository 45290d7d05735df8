//! The cost of a million orders on AWS: this design and a naive one, with and without digests, each a real run of `up` whose
//! billed units `orderctl cost` counts.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::{TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pipeline::{Durability, System};

/// The most that a million orders may cost in this design, emails included, in US dollars.
const TARGET: f64 = 8.0;
/// How long the emails of a run may take: six a second, one for each order.
const TIMEOUT: Duration = Duration::from_mins(20);
/// The most orders of one request.
const BATCH: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Orders to place in each run
    #[arg(long, value_name = "N", default_value = "500")]
    count: NonZeroUsize,
    /// Requests in progress at the same time
    #[arg(long, value_name = "C", default_value = "16")]
    connections: NonZeroUsize,
}

/// How the orders are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Requests {
    /// One order in each request.
    Single,
    /// The same, each under an idempotency key.
    WithKey,
    /// [`BATCH`] orders in each request, each under an idempotency key.
    Batches,
}

/// A run: the settings of the stack and how the orders are sent.
struct Run {
    name: &'static str,
    parameters: &'static [&'static str],
    requests: Requests,
}

/// One message in each invocation, call and email, as most samples are written.
const ONE_BY_ONE: [&str; 2] = ["OrdersBatchSize=1", "OrdersBatchWindowSeconds=0"];
const WITHOUT_DIGESTS: [&str; 2] = ["NotificationsBatchSize=1", "NotificationsBatchWindowSeconds=0"];

const RUNS: [Run; 7] = [
    Run {
        name: "this design",
        parameters: &[],
        requests: Requests::Single,
    },
    Run {
        name: "with a window",
        parameters: &["OrdersBatchSize=100", "OrdersBatchWindowSeconds=1"],
        requests: Requests::Single,
    },
    Run {
        name: "without digests",
        parameters: &WITHOUT_DIGESTS,
        requests: Requests::Single,
    },
    Run {
        name: "naive, with digests",
        parameters: &ONE_BY_ONE,
        requests: Requests::Single,
    },
    Run {
        name: "naive",
        parameters: &[
            ONE_BY_ONE[0],
            ONE_BY_ONE[1],
            WITHOUT_DIGESTS[0],
            WITHOUT_DIGESTS[1],
        ],
        requests: Requests::Single,
    },
    Run {
        name: "with keys",
        parameters: &[],
        requests: Requests::WithKey,
    },
    Run {
        name: "in batches, with keys",
        parameters: &[],
        requests: Requests::Batches,
    },
];

/// As much of `cost --json` as is needed.
#[derive(Debug, Deserialize)]
struct Bill {
    orders: Orders,
    items: Vec<Item>,
    usd_per_million: f64,
    idle_month: Value,
    busy_month: Value,
}

#[derive(Debug, Deserialize)]
struct Orders {
    stored: usize,
    notified: usize,
}

#[derive(Debug, Deserialize)]
struct Item {
    service: String,
    what: String,
    usd_per_million: f64,
}

/// Runs each, and prints a table in Markdown. Fails if this design costs more than its target.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut bills = Vec::new();
    for run in &RUNS {
        eprintln!("== {}", run.name);
        bills.push(measure(arguments, run).await?);
    }
    print!("{}", format(&RUNS.map(|run| run.name), &bills));
    let [first, ..] = bills.as_slice() else {
        anyhow::bail!("there are no runs");
    };
    println!(
        "\nan idle month: {}\na busy month adds: {}",
        first.idle_month, first.busy_month
    );
    Ok(if first.usd_per_million <= TARGET {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn measure(arguments: &Arguments, run: &Run) -> anyhow::Result<Bill> {
    let directory = tempfile::tempdir()?;
    let parameters = run
        .parameters
        .iter()
        .flat_map(|parameter| ["--parameter", parameter]);
    let system = System::start_with(directory.path(), Durability::Normal, parameters).await?;
    // The first order starts what is started once, such as the look at the subscriptions.
    place(&system, 1, arguments, Requests::Single).await?;
    let first = wait_until_notified(&system, 1, None).await?;
    let before = directory.path().join("before.json");
    std::fs::write(&before, first)?;
    let before = before.to_str().context("the directory is no text")?;
    let count = arguments.count.get();
    place(&system, count, arguments, run.requests).await?;
    let bill = wait_until_notified(&system, count, Some(before)).await?;
    serde_json::from_slice(&bill).context("the bill cannot be read")
}

/// Places orders, each of another customer.
async fn place(
    system: &System,
    count: usize,
    arguments: &Arguments,
    requests: Requests,
) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let sample: Value = serde_json::from_str(include_str!("../../events/order.json"))?;
    let order = |number: usize| {
        let mut order = sample.clone();
        order["customer"]["id"] = json!(format!("customer-{number}"));
        order
    };
    let key = |number: usize| format!("order-{number}");
    let each = if requests == Requests::Batches { BATCH } else { 1 };
    let starts = (0..count).step_by(each);
    let posts = stream::iter(starts.map(Ok)).try_for_each_concurrent(arguments.connections.get(), |start| {
        let url = &system.endpoints.api_url;
        let request = if requests == Requests::Batches {
            let entry = |number: usize| json!({"idempotency_key": key(number), "order": order(number)});
            let entries: Vec<Value> = (start..count.min(start + each)).map(entry).collect();
            client
                .post(format!("{url}/orders/batch"))
                .body(json!({ "entries": entries }).to_string())
        } else {
            client
                .post(format!("{url}/orders"))
                .body(order(start).to_string())
        };
        let request = request.header("content-type", "application/json");
        let request = if requests == Requests::WithKey {
            request.header("Idempotency-Key", key(start))
        } else {
            request
        };
        async {
            request.send().await?.error_for_status()?;
            Ok::<_, reqwest::Error>(())
        }
    });
    posts.await.context("an order was not accepted")
}

/// Waits until so many orders have their email, and returns the bill as JSON.
async fn wait_until_notified(system: &System, count: usize, since: Option<&str>) -> anyhow::Result<Vec<u8>> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let mut command = system.orderctl()?;
        command.args(["cost", "--json"]);
        if let Some(since) = since {
            command.args(["--since", since]);
        }
        let output = command.output()?;
        anyhow::ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let bill: Bill = serde_json::from_slice(&output.stdout)?;
        if bill.orders.stored >= count && bill.orders.notified >= count {
            return Ok(output.stdout);
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "only {} of {count} orders were notified within {TIMEOUT:?}",
            bill.orders.notified
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A table with a row for each item and a column for each run.
fn format(names: &[&str], bills: &[Bill]) -> String {
    use std::fmt::Write;

    let mut text = format!(
        "| service | billed | {} |\n|---|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    let rows = bills.first().map_or(0, |bill| bill.items.len());
    for row in 0..rows {
        let Some(item) = bills.first().and_then(|bill| bill.items.get(row)) else {
            continue;
        };
        let cells = bills
            .iter()
            .map(|bill| bill.items.get(row).map_or(0.0, |item| item.usd_per_million));
        let cells: Vec<String> = cells.map(|usd| format!("{usd:.2}")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            item.service,
            item.what,
            cells.join(" | ")
        );
    }
    let sums: Vec<String> = bills
        .iter()
        .map(|bill| format!("**{:.2}**", bill.usd_per_million))
        .collect();
    let _ = writeln!(text, "| all | | {} |", sums.join(" | "));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_each_run() {
        let bill = |usd: f64| Bill {
            orders: Orders {
                stored: 1,
                notified: 1,
            },
            items: vec![Item {
                service: "SQS".to_owned(),
                what: "requests".to_owned(),
                usd_per_million: usd,
            }],
            usd_per_million: usd,
            idle_month: Value::Null,
            busy_month: Value::Null,
        };
        let table = "| service | billed | a | b |\n|---|---|---|---|\n| SQS | requests | 0.50 | 1.25 |\n| all | | **0.50** | **1.25** |\n";
        assert_eq!(format(&["a", "b"], &[bill(0.5), bill(1.25)]), table);
    }
}
