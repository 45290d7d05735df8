//! Binds the ports.

use cloud_http::Listener;

use super::error::StartError;

/// Binds a loopback port. 0 chooses a free port. Returns the listener and its URL.
pub(super) async fn bind(port: u16, flag: &'static str) -> Result<(Listener, String), StartError> {
    let listener = Listener::bind(port)
        .await
        .map_err(|source| StartError::Port { port, flag, source })?;
    let url = listener.url();
    Ok((listener, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_error_for_a_port_in_use_names_the_port_and_its_option() {
        let (listener, url) = bind(0, "--api-port").await.unwrap();
        let port = listener.address().port();
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
