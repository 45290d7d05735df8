//! The operator's command, as a library.
//!
//! It parses the command line and runs one command. The commands `dlq` are in the crate `dead_letters`; `load`, `verify`,
//! `fault-run` and `faults` are in the crate `proof`. Each command prints its result on standard output and everything else
//! on standard error, and ends with exit code 0 (done), 1 (not as asked), 2 (wrong usage) or 3 (the system cannot be
//! reached).
//!
//! Without the feature `local` the program is a client only: it holds neither the local cloud nor the proof.
//!
//! **Invariant:** only `up`, `service` and `dynamodb` hold state or run the system. Every other command is a client that
//! could run on another machine.

mod cancel;
mod cli;
mod completions;
mod confirm;
mod console_page;
#[cfg(feature = "local")]
mod cost;
mod customer_orders;
mod export;
mod get;
mod inbox;
mod list;
#[cfg(feature = "local")]
mod local;
mod manual;
mod order_name;
mod order_view;
mod place;
mod shop;
mod status;
mod top;
mod trace;

use std::pin::Pin;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
#[cfg(feature = "local")]
use proof::{fault_run, faults, load, verify};
use terminal::stdout;
use terminal::stop_signal::run_until_stopped;
use terminal::text::sanitize;
use tokio::runtime::Builder;

use cli::{Cli, Command};
#[cfg(feature = "local")]
use local::{dynamodb, service, up};

/// glibc's allocator takes a seventh of the processor time of an order: the threads of `up` pass what they allocate to each other, and it
/// joins and splits freed blocks again and again. This one keeps them by size, for each thread.
#[cfg(feature = "local")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parses the process's arguments and runs the command. It is the whole `main` of a program.
///
/// `up` starts the program again for each function, with the arguments `service NAME`. A program must therefore call this
/// before it does anything else.
#[must_use]
pub fn run() -> ExitCode {
    match dispatch(parse()) {
        Ok(code) => code,
        // The reader of the output closed the pipe, as `head` does.
        Err(error) if stdout::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", sanitize(&format!("{error:#}")));
            ExitCode::from(stack_client::exit_code(&error))
        }
    }
}

/// Parses the process's arguments. `console --stack NAME` means a stack on AWS: a system on this machine has no such name.
fn parse() -> Cli {
    let matches = Cli::command().get_matches();
    let names_stack = matches.subcommand_name() == Some("console")
        && matches.value_source("stack") == Some(ValueSource::CommandLine);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if !names_stack {
        return cli;
    }
    Cli {
        connection: cli.connection.on_aws(),
        ..cli
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let connection = cli.connection;
    match cli.command {
        #[cfg(feature = "local")]
        Command::Service { name } => service::run(name),
        #[cfg(feature = "local")]
        Command::Up(arguments) => run_server(Box::pin(up::run(arguments, &connection))),
        #[cfg(feature = "local")]
        Command::Dynamodb => run_server(Box::pin(dynamodb::run())),
        Command::Place(arguments) => run_client(Box::pin(place::run(arguments, &connection))),
        Command::Cancel(arguments) => run_client(Box::pin(cancel::run(arguments, &connection))),
        Command::Get(arguments) => run_client(Box::pin(get::run(arguments, &connection))),
        Command::Trace(arguments) => run_client(Box::pin(trace::run(arguments, &connection))),
        Command::List(arguments) => run_client(Box::pin(list::run(arguments, &connection))),
        Command::Export(arguments) => {
            run_client(Box::pin(
                async move { export::run(&arguments, &connection).await },
            ))
        }
        Command::Erase(arguments) => run_client(Box::pin(erasure::run(arguments, &connection))),
        Command::Inbox(arguments) => run_client(Box::pin(inbox::run(arguments, &connection))),
        Command::Status(arguments) => {
            run_client(Box::pin(
                async move { status::run(&arguments, &connection).await },
            ))
        }
        Command::Top(arguments) => {
            run_client(Box::pin(async move { top::run(&arguments, &connection).await }))
        }
        Command::Confirm(arguments) => {
            run_client(Box::pin(
                async move { confirm::run(&arguments, &connection).await },
            ))
        }
        Command::Shop { command } => {
            run_client(Box::pin(async move { shop::run(&command, &connection).await }))
        }
        #[cfg(feature = "local")]
        Command::Cost(arguments) => {
            run_client(Box::pin(async move { cost::run(&arguments, &connection).await }))
        }
        #[cfg(feature = "local")]
        Command::FaultRun(arguments) => run_client(Box::pin(fault_run::run(arguments))),
        #[cfg(feature = "local")]
        Command::Faults(arguments) => run_client(Box::pin(faults::run(arguments, &connection))),
        #[cfg(feature = "local")]
        Command::Load(arguments) => run_client(Box::pin(load::run(arguments, &connection))),
        #[cfg(feature = "local")]
        Command::Verify(arguments) => run_client(Box::pin(verify::run(arguments, &connection))),
        Command::Console(arguments) => run_client(Box::pin(async move {
            console_page::run(&arguments, connection).await
        })),
        Command::Completions(arguments) => completions::run(&arguments, &mut Cli::command()),
        Command::Man(arguments) => manual::run(&arguments, Cli::command()),
        Command::Dlq { command } => run_client(Box::pin(dead_letters::run(command, &connection))),
    }
}

/// A running command. It is boxed, so that the runtime's code is compiled once and not for each command.
type CommandFuture<'a> = Pin<Box<dyn Future<Output = anyhow::Result<ExitCode>> + 'a>>;

/// Runs a client, for which one thread is enough.
fn run_client(command: CommandFuture<'_>) -> anyhow::Result<ExitCode> {
    Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run_until_stopped(command))
}

/// Runs the local cloud, whose services work at the same time.
#[cfg(feature = "local")]
fn run_server(command: CommandFuture<'_>) -> anyhow::Result<ExitCode> {
    Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
