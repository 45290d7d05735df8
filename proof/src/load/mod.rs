//! `load`: sends many orders through the public API and follows each until its email is sent.

mod backoff;
mod consent;
mod follow;
mod measurements;
mod orders;
mod page;
mod pending;
mod poison;
mod processes;
mod progress;
mod reasons;
mod report;
mod run;
mod send;
mod share;
mod system;
mod timeline;

use std::cell::{Cell, RefCell};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::try_join_all;
use order_core::Timestamp;
use stack_client::{Connection, Resource, Target};
use terminal::stop_signal::StopSignal;
use terminal::text::quote_path;
use terminal::{invocation, stdout};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::event_audit;
use crate::journal::{Entry, VERSION, Writer};
use measurements::Measurements;
use orders::OrderGenerator;
use page::{PageFile, Setting};
use pending::PendingOrders;
use report::{Report, RunFacts};
use run::Run;
use share::Share;
use system::System;
use timeline::Timeline;

/// The arguments of `load`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Orders to send
    #[arg(long, value_name = "N", default_value = "1000")]
    count: NonZeroU64,
    /// Orders a second [default: as fast as they are answered]
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    rate: Option<f64>,
    /// Requests that are under way at the same time
    #[arg(long, value_name = "C", default_value = "8")]
    connections: NonZeroUsize,
    /// Share of the orders that are sent twice at the same time, under one key, such as 0.1 or 10%
    #[arg(long, value_name = "SHARE", default_value = "0")]
    duplicates: Share,
    /// For this share of the orders, also send a message that must become a dead letter
    #[arg(long, value_name = "SHARE", default_value = "0")]
    poison: Share,
    /// Seed of the random number generator that makes the orders [default: random]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Write every accepted order to FILE, which `verify` compares with the system; events are audited as well
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Seconds for which a request is retried while the system does not answer
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
    /// Seconds without any progress after which accepted orders are no longer followed
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    settle: u64,
    /// On AWS: agree to place real orders in this stack, which costs money and sends real mail
    #[arg(long, value_name = "STACK")]
    yes_on: Option<String>,
    /// Write the report as a page for a browser, with charts over time
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Sends the orders, follows them and prints a report. Fails if an order was refused, lost, or neither notified nor cancelled.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    consent::check(connection, arguments.yes_on.as_deref(), arguments.count.get())?;
    let page = arguments.report.as_deref().map(PageFile::create).transpose()?;
    let (stopping, stop) = watch::channel(false);
    let mut stop_signal = StopSignal::listen()?;
    let system = System::connect(connection, Duration::from_secs(arguments.patience), stop).await?;
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
    let started_at = Timestamp::new(time::OffsetDateTime::now_utc());
    let mut measurements = Measurements::new()?;
    measurements.timeline = page.is_some().then(|| Timeline::new(started_at));
    let run = Run {
        system,
        orders: OrderGenerator {
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
        measurements: RefCell::new(measurements),
        pending: PendingOrders::default(),
        last_answer: Cell::new(started),
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
        eprintln!("stopping: waiting for the answers to requests under way (press again to end at once)");
        stop_signal.received().await;
        std::process::exit(1)
    };
    tokio::select! {
        done = drive(&run, arguments.connections.get(), Duration::from_secs(arguments.settle)) => done?,
        () = progress::show(&run) => {}
        () = watch_processes(&run, connection) => {}
        () = interrupts => {}
    }
    let report = report(&run);
    if let Some(page) = page {
        let setting = Setting {
            system: describe(connection),
            connections: arguments.connections.get(),
            rate: arguments.rate,
            seed,
        };
        write_page(page, &setting, &report, &run)?;
    }
    print_report(&report, &arguments, connection)
}

/// Samples the processes of the system for the page, if there is one and if they are on this machine. Never ends.
async fn watch_processes(run: &Run<'_>, connection: &Connection) {
    let is_wanted = run.measurements.borrow().timeline.is_some();
    if is_wanted {
        let add = |sample| {
            if let Some(timeline) = &mut run.measurements.borrow_mut().timeline {
                timeline.processes.push(sample);
            }
        };
        processes::watch(|| connection.process_id(), run.started, add).await;
    }
    std::future::pending::<()>().await;
}

/// The system, for people.
fn describe(connection: &Connection) -> String {
    match connection.target() {
        Target::Aws => format!("the stack {} on AWS", connection.stack_name()),
        Target::Local => "this machine".to_owned(),
    }
}

fn write_page(page: PageFile, setting: &Setting, report: &Report, run: &Run<'_>) -> anyhow::Result<()> {
    let measurements = run.measurements.borrow();
    if let Some(timeline) = &measurements.timeline {
        let reasons = run.system.retry_reasons();
        let html = page::render(setting, report, &measurements, timeline, &reasons);
        let path = page.write(&html)?;
        eprintln!("the report is in {}", quote_path(&path));
    }
    Ok(())
}

/// Sends and follows at the same time.
async fn drive(run: &Run<'_>, connections: usize, settle: Duration) -> anyhow::Result<()> {
    let sending = async {
        let sent = try_join_all((0..connections).map(|_| run.send_orders())).await;
        run.pending.is_complete.set(true);
        sent.map(drop)
    };
    tokio::try_join!(sending, follow::follow(run, settle))?;
    Ok(())
}

fn report(run: &Run<'_>) -> Report {
    let facts = RunFacts {
        run: run.orders.run.clone(),
        count: run.count,
        retries: run.system.retries(),
        interrupted: run.system.is_stopping(),
        answering: run.last_answer.get() - run.started,
    };
    Report::new(facts, &run.measurements.borrow())
}

fn print_report(report: &Report, arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    if arguments.json {
        stdout::print_document(1, report)?;
    } else {
        stdout::print_line(&report.format())?;
        if let Some(path) = &arguments.journal {
            eprintln!(
                "compare it with the system by: {} verify --journal {}{}",
                invocation::program_name(),
                quote_path(path),
                connection.options()
            );
        }
    }
    Ok(if report.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn parse_rate(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("must be a number of orders a second, above 0"),
    }
}
