//! `dynamodb`: an empty table service and nothing else, for as long as somebody holds its standard input.
//!
//! LocalStack's own tables need a download of Amazon's; the suite's LocalStack is given these instead.

use std::io;
use std::process::ExitCode;

use local_cloud::Durability;
use local_cloud::dynamodb::DynamoDb;
use local_cloud::endpoint::TablesEndpoint;
use local_cloud::http::Listener;
use local_cloud::store::Location;

use crate::output;

/// Prints the URL on standard output, and serves until standard input ends: whoever started this cannot leave it behind,
/// not even by a crash.
pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let dynamodb = DynamoDb::open(&Location::Memory, Durability::Process).await?;
    let listener = Listener::bind(0).await?;
    output::line(&format!("{}/", listener.url()))?;
    let _endpoint = TablesEndpoint::start(listener, dynamodb.clone());
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink())).await??;
    dynamodb.close().await;
    Ok(ExitCode::SUCCESS)
}
