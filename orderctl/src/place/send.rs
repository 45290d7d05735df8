//! Sending a request until it is answered.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Response, StatusCode, header};
use stack_client::Api;

/// The most attempts to send an order. With their pauses they last longer than the API is in doubt about an earlier request, 10 seconds.
pub(super) const MAX_ATTEMPTS: u32 = 7;
/// The wait after the first attempt. It doubles with each one.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Sends the order until it is answered. `backon` is not used, since the result of the last attempt is the response itself
/// even if its status is one that is retried.
pub(super) async fn send(api: &Api, path: &str, key: Option<&str>, order: &[u8]) -> anyhow::Result<Response> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let request = api
            .post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(order.to_vec());
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let sent = api.send(request).await;
        let reason = match &sent {
            Ok(response) if is_retryable(response.status()) => response.status().to_string(),
            Err(error) if error.is_retryable() => "no answer".to_owned(),
            _ => return sent.context("the order could not be sent"),
        };
        if attempt == MAX_ATTEMPTS {
            return sent
                .with_context(|| format!("no answer from {} in {MAX_ATTEMPTS} attempts", api.url(path)));
        }
        eprintln!("{reason}, retrying");
        tokio::time::sleep(pause).await;
        pause *= 2;
        attempt += 1;
    }
}

/// Whether the same request may succeed a moment later. After a conflict an earlier request with the key may still be under way, such
/// as one whose answer was lost.
pub(super) fn is_retryable(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::CONFLICT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_temporary_failure_is_retried() {
        let retryable: Vec<u16> = (200..600)
            .filter(|status| StatusCode::from_u16(*status).is_ok_and(is_retryable))
            .collect();
        assert_eq!(retryable, [409, 429, 502, 503, 504]);
    }
}
