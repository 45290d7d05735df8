//! A server of the test, and the real adapters in front of it.

use axum::Router;
use order_worker::adapters::Aws;
use tokio::task::AbortHandle;

use crate::aws::{adapters, sdk};

/// Ends the server with the test.
#[derive(Debug)]
pub(crate) struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves `router` on a free port, and gives the adapters that call it.
pub(crate) async fn serve(router: Router) -> (Aws, Server) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    (adapters(&sdk(endpoint)), Server(server.abort_handle()))
}
