//! Measurements of the whole line: `benchmarks line`. Anything else is the operator's command itself, which the system
//! under measurement is started with.

mod cpu_time;
mod line;

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
    Line(line::Arguments),
}

fn main() -> ExitCode {
    let is_ours = std::env::args()
        .nth(1)
        .is_none_or(|first| matches!(first.as_str(), "line" | "help" | "--help" | "-h"));
    if !is_ours {
        return orderctl::run();
    }
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Line(arguments) => line::run(&arguments).await,
        }
    })
}
