//! `load`: many orders through the public API, followed to their email.

mod backoff;
mod follow;
mod orders;
mod poison;
mod progress;
mod report;
mod run;
mod send;
mod share;
mod system;
mod tally;

use std::cell::{Cell, RefCell};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::try_join_all;
use order_core::Timestamp;
use stack_client::{Connection, Resource};
use terminal::stop_signal::StopSignal;
use terminal::{invocation, stdout};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::event_audit;
use crate::journal::{Entry, VERSION, Writer};
use follow::Line;
use orders::Orders;
use report::{Facts, Report};
use run::Run;
use share::Share;
use system::System;
use tally::Tally;

/// What to send, and how fast.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Orders to send
    #[arg(long, value_name = "N", default_value = "1000")]
    count: NonZeroU64,
    /// Orders a second [default: as fast as they are answered]
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,
    /// Requests that are under way at the same time
    #[arg(long, value_name = "C", default_value = "8")]
    connections: NonZeroUsize,
    /// Share of the orders that are sent twice at the same time, under one key, such as 0.1 or 10%
    #[arg(long, value_name = "SHARE", default_value = "0")]
    duplicates: Share,
    /// For this share of the orders, put a message beside it that must become a dead letter
    #[arg(long, value_name = "SHARE", default_value = "0")]
    poison: Share,
    /// Decides what the orders say and which are duplicated [default: random]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Write every accepted order to FILE, which `verify` compares with the system; events are audited as well
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Seconds for which a request is tried again while the system is away
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
    /// Seconds without any progress after which accepted orders are no longer followed
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    settle: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Sends the orders, follows them and prints a report. Fails if anything was refused, lost on the way or not told of.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let (stopping, stop) = watch::channel(false);
    let mut stop_signal = StopSignal::listen()?;
    let system = System::find(connection, Duration::from_secs(arguments.patience), stop).await?;
    let name = Uuid::new_v4().simple().to_string()[..8].to_owned();
    let journal = match &arguments.journal {
        Some(path) => {
            let journal = Writer::append_to(path)?;
            let entry = Entry::Run {
                version: VERSION,
                run: name.clone(),
                started_at: Timestamp::new(time::OffsetDateTime::now_utc()),
                audit: {
                    let topic = connection.resource(Resource::OrderEventsTopicArn).await?;
                    event_audit::open(&connection.sdk_config().await?, &topic, &name).await?
                },
            };
            journal.append(&entry).await?;
            Some(journal)
        }
        None => None,
    };
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let started = Instant::now();
    let run = Run {
        system,
        orders: Orders {
            run: name,
            seed,
            duplicates: arguments.duplicates,
            poison: arguments.poison,
        },
        journal,
        count: arguments.count.get(),
        rate: arguments.rate,
        started,
        next: Cell::new(0),
        tally: RefCell::new(Tally::new()?),
        line: Line::default(),
        answered: Cell::new(started),
    };
    if !arguments.json {
        eprintln!(
            "run {}, seed {seed}; Ctrl-C ends it with a report",
            run.orders.run
        );
    }
    let interrupts = async {
        stop_signal.received().await;
        let _ = stopping.send(true);
        eprintln!("stopping: waiting for the answers that are due (once more to end at once)");
        stop_signal.received().await;
        std::process::exit(1)
    };
    tokio::select! {
        done = drive(&run, arguments.connections.get(), Duration::from_secs(arguments.settle)) => done?,
        () = progress::show(&run) => {}
        () = interrupts => {}
    }
    report(&run, &arguments)
}

/// Sends and follows at the same time.
async fn drive(run: &Run<'_>, connections: usize, settle: Duration) -> anyhow::Result<()> {
    let sending = async {
        let sent = try_join_all((0..connections).map(|_| run.connection())).await;
        run.line.is_complete.set(true);
        sent.map(drop)
    };
    tokio::try_join!(sending, follow::follow(run, settle))?;
    Ok(())
}

fn report(run: &Run<'_>, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let facts = Facts {
        run: run.orders.run.clone(),
        count: run.count,
        retries: run.system.retries(),
        interrupted: run.system.is_stopping(),
        answering: run.answered.get() - run.started,
    };
    let report = Report::new(facts, &run.tally.borrow());
    if arguments.json {
        stdout::print_json(&report)?;
    } else {
        stdout::print_line(&report.describe())?;
        if let Some(path) = &arguments.journal {
            eprintln!(
                "compare it with the system by: {} verify --journal {}",
                invocation::program_name(),
                path.display()
            );
        }
    }
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn rate(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("must be a number of orders a second, above 0"),
    }
}
