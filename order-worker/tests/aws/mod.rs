//! The real adapters in front of a server of the test.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::config::Credentials;
use axum::Router;
use order_worker::adapters::Aws;
use order_worker::config::Config;
use queue_consumer::retries::Retries;
use tokio::task::AbortHandle;

/// Ends the server with the test.
#[derive(Debug)]
pub(crate) struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The settings of retries.
pub(crate) fn retries() -> Retries {
    Retries {
        queue_url: "http://127.0.0.1/000000000000/orders-retry".to_owned(),
        max_age: Duration::from_hours(24),
    }
}

/// Serves `router` on a free port, and gives the adapters that call it.
pub(crate) async fn serve(router: Router) -> (Aws, Server) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let sdk = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .load()
        .await;
    let config = Config {
        orders_table: "orders".to_owned(),
        claims_table: "order-claims".to_owned(),
        claim_retention: Duration::from_hours(24),
        order_retention: order_table::Retention::FOREVER,
        order_events_topic_arn: "arn:aws:sns:us-east-1:000000000000:order-events".to_owned(),
        orders_queue_url: "http://127.0.0.1/000000000000/orders".to_owned(),
        orders_dlq_url: "http://127.0.0.1/000000000000/orders-dlq".to_owned(),
        retries: retries(),
    };
    (Aws::new(&sdk, &config), Server(server.abort_handle()))
}
