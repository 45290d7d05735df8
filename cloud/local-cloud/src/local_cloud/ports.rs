//! Binds the ports.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use super::error::StartError;

/// Binds a loopback port. 0 chooses a free port. Returns the listener and its URL.
pub(super) async fn bind(port: u16, flag: &'static str) -> Result<(TcpListener, String), StartError> {
    let fail = |source| StartError::Port { port, flag, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    Ok((listener, format!("http://{address}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_error_for_a_port_in_use_names_the_port_and_its_option() {
        let (listener, url) = bind(0, "--api-port").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(url, format!("http://127.0.0.1:{port}"));
        let error = bind(port, "--api-port").await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!(
                "port {port} cannot be used, choose another with --api-port: "
            )),
            "{error}"
        );
    }
}
