//! `up`: runs everything on this machine until it is stopped.

mod arguments;
mod banner;
mod configuration;
mod parameters;
mod ready_file;
mod shop;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use local_cloud::{LocalCloud, Running};
use stack_client::{Connection, OperatorKey};
use storefront::Storefront;
use terminal::stdout;
use terminal::stop_signal::StopSignal;
use tracing_subscriber::EnvFilter;
use web_console::{Console, System};

use crate::console_page::make_system;
pub(crate) use arguments::Arguments;
use banner::Banner;
use configuration::make_configuration;

/// The longest time for stopping. Then the process ends, and the functions end with it.
const STOP_TIMEOUT: Duration = Duration::from_millis(1900);

/// Starts everything, prints what runs, and stops it at Ctrl-C, at SIGTERM, or when the terminal is closed.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    start_log();
    // The files that this process and the functions create are for this user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // Listen before anything starts, so that a signal during the start stops what has been started.
    let mut stop_signal = StopSignal::listen()?;
    if let Some(path) = &arguments.ready_file {
        ready_file::remove(path)?;
    }
    let system = make_system();
    let console = Console::new(system.clone());
    let storefront = Storefront::default();
    let config = make_configuration(&arguments, connection, &console, &storefront)?;
    let mail_to = config.parameters.get("NotificationEmail").cloned();
    eprintln!("starting ...");
    let running = tokio::select! {
        // The texts of this error contain those of its sources.
        started = LocalCloud::start(config) => started.map_err(|error| anyhow::anyhow!("{error}"))?,
        () = stop_signal.received() => return Ok(ExitCode::SUCCESS),
    };
    connect_console(&system, &running);
    console.watch();
    let s3 = connection.local_http(&running.endpoints().aws_endpoint_url)?;
    shop::connect(&storefront, running.endpoints(), s3);
    if let Some(path) = &arguments.ready_file {
        ready_file::write(path, running.endpoints())?;
    }
    let banner = Banner {
        endpoints: running.endpoints(),
        connection,
        arguments: &arguments,
        mail_to: mail_to.as_deref().filter(|address| !address.is_empty()),
    };
    stdout::print_line(&banner.to_string())?;

    stop_signal.received().await;
    // A file that cannot be removed now is replaced at the next start.
    let _ = arguments.ready_file.as_deref().map(ready_file::remove);
    eprintln!("stopping ... (press again to end at once)");
    tokio::select! {
        code = stop_within(STOP_TIMEOUT, running.stop()) => Ok(code),
        // The second signal ends the process at once. The functions end when their standard input ends.
        () = stop_signal.received() => std::process::exit(1),
    }
}

/// Connects the console to the system that runs in this process.
fn connect_console(system: &System, running: &Running) {
    let endpoints = running.endpoints();
    let connection = match &endpoints.data_dir {
        Some(directory) => Connection::local(directory.clone()),
        None => Connection::at(
            endpoints.api_url.clone(),
            endpoints.aws_endpoint_url.clone(),
            endpoints.operator.as_ref().map(|key| OperatorKey {
                access_key_id: key.access_key_id.clone(),
                secret_access_key: key.secret_access_key.clone(),
            }),
            endpoints.api_key.clone(),
        ),
    };
    let activity = running.services().sqs.activity().watch();
    system.connect(Arc::new(connection), Some(activity));
}

/// Waits for a stop. One that takes too long is no success: a script must not take it for a clean one.
async fn stop_within(limit: Duration, stop: impl Future<Output = ()>) -> ExitCode {
    if tokio::time::timeout(limit, stop).await.is_ok() {
        return ExitCode::SUCCESS;
    }
    eprintln!("not everything stopped in time; it ends with this process, and acknowledged writes are kept");
    ExitCode::FAILURE
}

/// Logs warnings and the progress of upgrades on standard error. `RUST_LOG` replaces this choice.
///
/// `s3s` logs every refused request as an error, also a read of a key that does not exist. `cloud-s3` logs its own failures.
fn start_log() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,cloud_store::upgrade=info,s3s=off"));
    // https://no-color.org: any value but an empty one.
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let use_color = std::io::stderr().is_terminal() && !no_color;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(use_color)
        .with_writer(std::io::stderr);
    // A program that already has a subscriber keeps it.
    let _ = subscriber.try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_clean_stop_is_a_success() {
        let clean = stop_within(Duration::from_mins(1), std::future::ready(())).await;
        assert_eq!(format!("{clean:?}"), format!("{:?}", ExitCode::SUCCESS));
        let busy = stop_within(Duration::ZERO, std::future::pending()).await;
        assert_eq!(format!("{busy:?}"), format!("{:?}", ExitCode::FAILURE));
    }
}
