//! The wire services alone, for clients of other languages to be tried against: `cargo run --example wire -- 4566`.
//! With a directory as the second argument the state is kept there. It stops on Ctrl-C.

use local_cloud::gateway::Gateway;
use local_cloud::services::{Services, ServicesConfig};
use local_cloud::store::Durability;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(4566), |port| port.parse())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let services = Services::open(ServicesConfig {
        directory: arguments.next().map(Into::into),
        durability: Durability::Process,
        base_url: base_url.clone(),
        region: "us-east-1".to_owned(),
        confirm_emails: false,
    })
    .await?;
    let gateway = Gateway::start(listener, services.clone())?;
    println!("{base_url}");
    tokio::signal::ctrl_c().await?;
    gateway.stop().await;
    services.close().await;
    Ok(())
}
