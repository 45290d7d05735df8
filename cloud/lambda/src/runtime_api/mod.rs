//! The Lambda Runtime API, version 2018-06-01, for one process.
//!
//! A request of this API does not say which process sends it. So every process has a listener of its own.
//! Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".

mod address;
mod routes;
mod slot;

use std::io;
use std::sync::Arc;

use cloud_http::{Listener, Origins, serve};
use tokio::task::JoinHandle;

pub(crate) use address::RuntimeApiAddress;
pub(crate) use routes::trace_id;
pub(crate) use slot::{Event, InvocationSlot};

/// A listener that serves one process. Dropping it closes the listener.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: RuntimeApiAddress,
    slot: Arc<InvocationSlot>,
    server: JoinHandle<io::Result<()>>,
}

impl RuntimeApi {
    /// Listens on a free loopback port for a process of the function.
    pub(crate) async fn start(function_arn: &str) -> io::Result<Self> {
        let listener = Listener::bind(0).await?;
        let address = RuntimeApiAddress::with_new_secret(listener.address());
        let slot = Arc::new(InvocationSlot::default());
        let router = routes::router(slot.clone(), function_arn, &address.prefix());
        let server = serve(listener, router, Origins::None, std::future::pending());
        Ok(Self {
            address,
            slot,
            server,
        })
    }

    /// Returns where the process finds it.
    pub(crate) fn address(&self) -> &RuntimeApiAddress {
        &self.address
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

#[cfg(test)]
mod tests;
