//! A loopback port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

/// A bound loopback port, which [`serve`](crate::serve) takes.
#[derive(Debug)]
pub struct Listener {
    pub(crate) inner: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds a port of 127.0.0.1. 0 chooses a free port.
    ///
    /// # Errors
    /// The operating system's: the port is taken, or this process may not use it.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let inner = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = inner.local_addr()?;
        Ok(Self { inner, address })
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL, for example `http://127.0.0.1:4566`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
