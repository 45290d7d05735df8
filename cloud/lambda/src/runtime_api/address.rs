//! Where a process finds its Runtime API.

use std::fmt;
use std::net::SocketAddr;

use uuid::Uuid;

/// The address of a listener and the secret that a request's path must start with.
///
/// Every process of this machine can connect to a loopback port, and the Runtime API has no signatures. Without the secret
/// it could take an invocation that is not its own. Only the child gets the secret, in `AWS_LAMBDA_RUNTIME_API`; clients of
/// the Runtime API put it in front of every path. It stands in no log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RuntimeApiAddress {
    address: SocketAddr,
    secret: String,
}

impl RuntimeApiAddress {
    /// An address with a secret of 122 random bits.
    pub(crate) fn with_new_secret(address: SocketAddr) -> Self {
        Self {
            address,
            secret: Uuid::new_v4().simple().to_string(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the path that all paths of the API start with.
    pub(super) fn prefix(&self) -> String {
        format!("/{}", self.secret)
    }

    /// Returns the value of `AWS_LAMBDA_RUNTIME_API`: host, port and path, without a scheme.
    pub(crate) fn variable(&self) -> String {
        format!("{}/{}", self.address, self.secret)
    }
}

impl fmt::Debug for RuntimeApiAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RuntimeApiAddress")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
