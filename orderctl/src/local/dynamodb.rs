//! `dynamodb`: serves empty DynamoDB tables until standard input ends.
//!
//! LocalStack needs a download from Amazon for its own tables. The integration tests give it these instead.

use std::io;
use std::process::ExitCode;

use local_cloud::Durability;
use local_cloud::dynamodb::DynamoDb;
use local_cloud::endpoint::TablesEndpoint;
use local_cloud::http::Listener;
use local_cloud::store::Location;

use terminal::stdout;

/// Prints the URL on standard output, and serves until standard input ends. The server therefore ends with the process that
/// started it, even if that one crashes.
pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let dynamodb = DynamoDb::open(&Location::Memory, Durability::Process).await?;
    let listener = Listener::bind(0).await?;
    stdout::print_line(&format!("{}/", listener.url()))?;
    let _endpoint = TablesEndpoint::start(listener, dynamodb.clone());
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink())).await??;
    dynamodb.close().await;
    Ok(ExitCode::SUCCESS)
}
