//! The operator's command, as a library: start the system, place orders, read mail, repair dead letters, load the system
//! and verify what it promised.
//!
//! One module a command. Each prints what was asked for on standard output, everything else on standard error, and
//! ends with exit code 0 (done), 1 (failed) or 2 (wrong usage).
//!
//! **Invariant:** only `up` and `service` hold state or run the system; every other command is a client that could run
//! on another machine.

mod cli;
mod get;
mod inbox;
mod list;
#[cfg(feature = "local")]
mod local;
mod order_view;
mod place;

use std::process::ExitCode;

use clap::Parser;
#[cfg(feature = "local")]
use proof::{fault_run, faults, load, verify};
use terminal::stdout;
use tokio::runtime::{Builder, Runtime};

use cli::{Cli, Command};
#[cfg(feature = "local")]
use local::{dynamodb, service, up};

/// Runs the command that the process's arguments say; the whole `main` of a program.
///
/// The program is started again by `up`, with the arguments `service NAME`, as the process of each function: it must
/// come here before it does anything else.
#[must_use]
pub fn run() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(code) => code,
        // Whoever read our output has enough of it, as `| head` does.
        Err(error) if stdout::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let connection = cli.connection;
    match cli.command {
        #[cfg(feature = "local")]
        Command::Service { name } => service::run(name),
        #[cfg(feature = "local")]
        Command::Up(arguments) => server()?.block_on(up::run(arguments, &connection)),
        #[cfg(feature = "local")]
        Command::Dynamodb => server()?.block_on(dynamodb::run()),
        Command::Place(arguments) => client()?.block_on(place::run(arguments, &connection)),
        Command::Get(arguments) => client()?.block_on(get::run(arguments, &connection)),
        Command::List(arguments) => client()?.block_on(list::run(arguments, &connection)),
        Command::Inbox(arguments) => client()?.block_on(inbox::run(arguments, &connection)),
        #[cfg(feature = "local")]
        Command::FaultRun(arguments) => client()?.block_on(fault_run::run(arguments)),
        #[cfg(feature = "local")]
        Command::Faults(arguments) => client()?.block_on(faults::run(arguments, &connection)),
        #[cfg(feature = "local")]
        Command::Load(arguments) => client()?.block_on(load::run(arguments, &connection)),
        #[cfg(feature = "local")]
        Command::Verify(arguments) => client()?.block_on(verify::run(arguments, &connection)),
        Command::Dlq { command } => client()?.block_on(dead_letters::run(command, &connection)),
    }
}

/// Clients wait for one answer at a time: one thread is enough.
fn client() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The services and their emulated AWS work side by side.
#[cfg(feature = "local")]
fn server() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}
