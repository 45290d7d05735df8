//! The Lambda Runtime API, version 2018-06-01, for one process.
//!
//! A request of this API does not say which process sends it. So every process has a listener of its own.
//! Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".

mod routes;
mod slot;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) use slot::{Event, InvocationSlot};

/// A listener that serves one process. Dropping it closes the listener.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    slot: Arc<InvocationSlot>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Listens on a free loopback port for a process of the function.
    pub(crate) async fn start(function_arn: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let slot = Arc::new(InvocationSlot::default());
        let router = routes::router(slot.clone(), function_arn);
        // With Nagle's algorithm, delayed acknowledgements would add 40 ms to each call.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "Nagle's algorithm could not be turned off for a connection");
            }
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a runtime API listener ended");
            }
        });
        Ok(Self {
            address,
            slot,
            server,
        })
    }

    /// Returns the listener's address, the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn slot(&self) -> &Arc<InvocationSlot> {
        &self.slot
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}
