//! The Lambda Runtime API, version 2018-06-01, for one process.
//!
//! Source: the Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes". The API does not say which
//! process calls, so every process gets a listener of its own.

mod routes;
mod slot;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) use slot::{Event, InvocationSlot};

/// A listener that serves one process; it closes when this is dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    slot: Arc<InvocationSlot>,
    server: JoinHandle<()>,
}

impl RuntimeApi {
    /// Listens on a free loopback port on behalf of a function.
    pub(crate) async fn start(function_arn: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let slot = Arc::new(InvocationSlot::default());
        let router = routes::router(slot.clone(), function_arn);
        // Without this, Nagle's algorithm and delayed acknowledgements cost 40 ms a call.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
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

    /// Where it listens: the value of `AWS_LAMBDA_RUNTIME_API`.
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
