//! `up`: everything on this machine, until it is told to stop.

mod banner;
mod parameters;
mod ready_file;

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use local_cloud::config::{DataLocation, Durability, LocalCloudConfig};
use local_cloud::lambda::{Command, Launcher};
use local_cloud::{FaultPlan, LocalCloud};
use tracing_subscriber::EnvFilter;

use crate::connection::Connection;
use crate::shutdown::Shutdown;
use crate::{faults, output};
use banner::Banner;
use parameters::{parameter, parameters};

/// The template that the system is deployed by.
pub(crate) const TEMPLATE: &str = include_str!("../../../template.yaml");
/// How long stopping may take until the process ends regardless; the functions end with it.
const STOP_TIMEOUT: Duration = Duration::from_millis(1900);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Keep the state in memory instead: it is gone when this ends
    #[arg(long)]
    ephemeral: bool,
    /// The API's port; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    api_port: u16,
    /// The AWS endpoint's port; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    aws_port: u16,
    /// What an acknowledged order survives
    #[arg(long, value_enum, default_value_t = Sync::Normal)]
    sync: Sync,
    /// File that tells, as JSON, the URLs and the data directory once everything is ready
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
    /// Run another SAM template instead of the one built in
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Set a parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Inbox that is told of orders; nothing leaves this machine, `inbox` shows the mail [default: you@example.com]
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Wait until the email subscription is confirmed by the link in its mail, as on AWS
    #[arg(long)]
    confirm_manually: bool,
    /// Refuse access keys that belong to nobody; the operator's own is printed, and the other commands use it
    #[arg(long)]
    strict_keys: bool,
    /// Invocations of one function at once; more are refused, as on AWS [default: 1000]
    #[arg(long, value_name = "N")]
    function_concurrency: Option<NonZeroUsize>,
    /// Let things go wrong on purpose as FILE says, such as events/faults.yaml; `faults` shows and ends it
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

/// What a write that was acknowledged survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sync {
    /// `kill -9` of this process
    Normal,
    /// A power cut as well; every write waits for the disk
    Full,
}

/// Starts everything, says what is up, and stops it at Ctrl-C or SIGTERM.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    trace();
    // Whatever this process and the functions create is for this user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // Before anything starts: a signal that comes while it does must not leave half of it behind.
    let mut shutdown = Shutdown::listen()?;
    if let Some(path) = &arguments.ready_file {
        ready_file::remove(path)?;
    }
    let config = configuration(&arguments, connection)?;
    let mail_to = config.parameters.get("NotificationEmail").cloned();
    eprintln!("starting ...");
    let running = tokio::select! {
        // Its texts hold their sources already.
        started = LocalCloud::start(config) => started.map_err(|error| anyhow::anyhow!("{error}"))?,
        () = shutdown.requested() => return Ok(ExitCode::SUCCESS),
    };
    if let Some(path) = &arguments.ready_file {
        ready_file::write(path, running.endpoints())?;
    }
    let banner = Banner {
        endpoints: running.endpoints(),
        connection,
        arguments: &arguments,
        mail_to: mail_to.as_deref().filter(|address| !address.is_empty()),
    };
    output::line(&banner.to_string())?;

    shutdown.requested().await;
    eprintln!("stopping ... (once more to end at once)");
    tokio::select! {
        stopped = tokio::time::timeout(STOP_TIMEOUT, running.stop()) => {
            if stopped.is_err() {
                eprintln!("something did not stop in time; it ends with this process, what was acknowledged is kept");
            }
        }
        // Whoever asks twice does not want to wait. The functions see their input end and follow.
        () = shutdown.requested() => std::process::exit(1),
    }
    Ok(ExitCode::SUCCESS)
}

fn configuration(arguments: &Arguments, connection: &Connection) -> anyhow::Result<LocalCloudConfig> {
    let template = match &arguments.template {
        None => TEMPLATE.to_owned(),
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?
        }
    };
    // Found once: a rebuild replaces the file, and later processes are the new program.
    let program = std::env::current_exe().context("this program's own path is not known")?;
    let launcher = Launcher::new(move |binary| Command {
        program: program.clone(),
        arguments: vec!["service".into(), binary.into()],
    });
    let declared = local_cloud::template::parameter_names(&template)?;
    let mut config = LocalCloudConfig::new(template, launcher);
    config.data = if arguments.ephemeral {
        DataLocation::Ephemeral
    } else {
        DataLocation::Directory(connection.data_dir.clone())
    };
    config.durability = match arguments.sync {
        Sync::Normal => Durability::Process,
        Sync::Full => Durability::Power,
    };
    config.api_port = arguments.api_port;
    config.aws_port = arguments.aws_port;
    config.parameters = parameters(arguments, &declared);
    config.confirm_emails = !arguments.confirm_manually;
    config.strict_keys = arguments.strict_keys;
    if let Some(limit) = arguments.function_concurrency {
        // Each invocation has a process of its own then, as on AWS.
        config.function_concurrency = limit.get();
        config.function_processes = limit.get();
    }
    config.faults = match &arguments.faults {
        None => None,
        Some(file) => {
            let plan = FaultPlan::parse(&faults::read(file)?);
            Some(plan.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?)
        }
    };
    Ok(config)
}

/// Warnings on standard error; `RUST_LOG` asks for more.
fn trace() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let is_terminal = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal)
        .with_writer(std::io::stderr);
    // A program that has a subscriber of its own keeps it.
    let _ = subscriber.try_init();
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// The arguments that a line after `up` says.
    pub(crate) fn arguments(line: &str) -> Arguments {
        Line::parse_from(std::iter::once("up").chain(line.split_whitespace())).arguments
    }
}
