//! `service`: being the process of one function.

use std::error::Error;
use std::io::Read;
use std::process::ExitCode;

use tokio::runtime::Builder;

/// A function by the name of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ServiceName {
    OrderApi,
    OrderWorker,
    Notifier,
}

/// Runs the function until it is stopped, or until standard input ends.
pub(crate) fn run(name: ServiceName) -> anyhow::Result<ExitCode> {
    // Whoever started us holds the other end; when it is gone, killed too, nobody is left to work for.
    std::thread::Builder::new()
        .name("parent-watch".to_owned())
        .spawn(exit_with_input)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result: Result<(), Box<dyn Error + Send + Sync>> = runtime.block_on(async {
        match name {
            ServiceName::OrderApi => order_api::run().await,
            ServiceName::OrderWorker => order_worker::run().await,
            ServiceName::Notifier => notifier::run().await,
        }
    });
    result.map_err(|error| anyhow::anyhow!(error))?;
    Ok(ExitCode::SUCCESS)
}

fn exit_with_input() {
    let mut input = std::io::stdin().lock();
    let mut buffer = [0; 1024];
    // An error other than an interruption is an end as well: we could not tell any more that the parent lives.
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => break,
            _ => {}
        }
    }
    std::process::exit(0);
}
