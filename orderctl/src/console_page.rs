//! `console`: serves the page on which people see a system work.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use cloud_http::Listener;
use serde_json::to_value;
use stack_client::Connection;
use terminal::stdout;
use web_console::{Console, PATH, ReadingStatus, System};

use crate::status;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The page's port; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 8090)]
    port: u16,
}

/// The system of a console, which shows the document of `status --json`.
pub(crate) fn make_system() -> System {
    let read_status = |connection: Arc<Connection>| -> ReadingStatus {
        Box::pin(async move { Ok(to_value(status::read(&connection).await?)?) })
    };
    // The path is read once. After a rebuild it leads to the new program, as for the processes of the functions.
    System::new(read_status, std::env::current_exe().ok())
}

/// Serves the page on loopback until the process is stopped. All calls have the operator's own credentials.
pub(crate) async fn run(arguments: &Arguments, connection: Connection) -> anyhow::Result<ExitCode> {
    let system = make_system();
    let console = Console::new(system.clone());
    // A system that cannot be reached is said now, and not on the page.
    connection.api_url().await?;
    system.connect(Arc::new(connection), None);
    let port = arguments.port;
    let listener = Listener::bind(port)
        .await
        .with_context(|| format!("port {port} cannot be used, choose another with --port"))?;
    stdout::print_line(&format!("{}{PATH}", listener.url()))?;
    eprintln!("open it in a browser; Ctrl-C ends it");
    console.serve(listener, std::future::pending()).await?;
    Ok(ExitCode::SUCCESS)
}
