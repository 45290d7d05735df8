//! Measurements of the whole pipeline: `benchmarks pipeline`, `benchmarks telemetry`, `benchmarks watched`, `benchmarks bill` and `benchmarks draw`. All other arguments run the operator's command, so that this
//! program can start the system that it measures.

mod bill;
mod console;
mod cpu_time;
mod draw;
mod log_bytes;
mod pipeline;
mod telemetry_cost;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measure the system on this machine. Run it by `cargo run --release -p benchmarks --`.
#[derive(Debug, Parser)]
#[command(name = "benchmarks")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send orders to a system of its own in each durability; fails if any is lost or an email subscription is suspended
    #[command(alias = "line")]
    Pipeline(pipeline::Arguments),
    /// Measure what logging and metrics add to the processor time of order-api and order-worker; fails if it is over 5% and 10%
    Telemetry(telemetry_cost::Arguments),
    /// Measure what an open console costs an idle system; fails if it is over 5%
    Watched(console::Arguments),
    /// Price what a million orders use on AWS, for this design and a naive one; fails if this design costs over 8 dollars
    Bill(bill::Arguments),
    /// Draw a chart for the documents, as SVG
    Draw(draw::Arguments),
}

fn main() -> ExitCode {
    let is_benchmark = std::env::args().nth(1).is_none_or(|first| {
        matches!(
            first.as_str(),
            "pipeline" | "line" | "telemetry" | "watched" | "bill" | "draw" | "help" | "--help" | "-h"
        )
    });
    if !is_benchmark {
        if std::env::var_os(telemetry_cost::WITHOUT_TELEMETRY).is_some() {
            telemetry_cost::switch_off();
        }
        return orderctl::run();
    }
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Pipeline(arguments) => pipeline::run(&arguments).await,
            Command::Telemetry(arguments) => telemetry_cost::run(&arguments).await,
            Command::Watched(arguments) => console::run(&arguments).await,
            Command::Bill(arguments) => bill::run(&arguments).await,
            Command::Draw(arguments) => draw::run(&arguments),
        }
    })
}
