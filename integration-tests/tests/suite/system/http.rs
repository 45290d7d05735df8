//! HTTP clients of the tests.

use std::time::Duration;

/// Makes a client that uses no proxy. A client belongs to one Tokio runtime, because the runtime that opened a connection
/// drives it.
pub(super) fn new_client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        // LocalStack closes a connection that was idle for 5 seconds. A request that is sent at that moment fails.
        .pool_idle_timeout(Duration::from_secs(1))
        .build()
        .unwrap()
}
