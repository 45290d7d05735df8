//! `service`: runs one function in this process.

use std::io::Read;
use std::process::ExitCode;

use function_runtime::aws::{Host, LambdaHost};
use lambda_runtime::Error as FunctionError;
use tokio::runtime::Builder;

/// A function, by the name of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ServiceName {
    OrderApi,
    OrderWorker,
    Notifier,
    CatalogApi,
    CoverResizer,
}

/// Runs the function until it is stopped, or until standard input ends.
pub(crate) fn run(name: ServiceName) -> anyhow::Result<ExitCode> {
    // The process that started this one holds the other end of standard input. It closes when that process ends, even by
    // SIGKILL.
    std::thread::Builder::new()
        .name("parent-watch".to_owned())
        .spawn(exit_at_end_of_input)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(name.run(LambdaHost::start()));
    result.map_err(|error| anyhow::anyhow!(error))?;
    Ok(ExitCode::SUCCESS)
}

impl ServiceName {
    /// Runs the function on a host.
    pub(super) async fn run(self, host: impl Host) -> Result<(), FunctionError> {
        match self {
            Self::OrderApi => order_api::run(host).await,
            Self::OrderWorker => order_worker::run(host).await,
            Self::Notifier => notifier::run(host).await,
            Self::CatalogApi => catalog_api::run(host).await,
            Self::CoverResizer => cover_resizer::run(host).await,
        }
    }
}

fn exit_at_end_of_input() {
    let mut input = std::io::stdin().lock();
    let mut buffer = [0; 1024];
    // An error other than an interruption ends this process too, since the end of the parent would go unnoticed.
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => break,
            _ => {}
        }
    }
    std::process::exit(0);
}
