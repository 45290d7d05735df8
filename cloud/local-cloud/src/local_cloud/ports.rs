//! Binds the ports.

use std::io::ErrorKind;

use cloud_http::Listener;

use super::error::StartError;
use crate::config::Port;

/// Binds a loopback port. Returns the listener and its URL.
pub(super) async fn bind(port: Port, flag: &'static str) -> Result<(Listener, String), StartError> {
    let (Port::Exactly(number) | Port::Preferably(number)) = port;
    let bound = match (Listener::bind(number).await, port) {
        (Err(error), Port::Preferably(_)) if error.kind() == ErrorKind::AddrInUse => Listener::bind(0).await,
        (bound, _) => bound,
    };
    let listener = bound.map_err(|source| StartError::Port {
        port: number,
        flag,
        source,
    })?;
    let url = listener.url();
    Ok((listener, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_error_for_a_port_in_use_names_the_port_and_its_option() {
        let (listener, url) = bind(Port::Exactly(0), "--api-port").await.unwrap();
        let port = listener.address().port();
        assert_eq!(url, format!("http://127.0.0.1:{port}"));
        let taken = Port::Exactly(port);
        let error = bind(taken, "--api-port").await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!(
                "port {port} cannot be used, choose another with --api-port: "
            )),
            "{error}"
        );
        let (other, _) = bind(Port::Preferably(port), "--shop-port").await.unwrap();
        assert_ne!(other.address().port(), port);
    }
}
