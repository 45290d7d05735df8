//! The calls of the system on this machine that AWS does not have.

use reqwest::{Client, RequestBuilder};

use super::defaults::REQUEST_TIMEOUT;
use super::http;

/// Calls `/_local` of the system on this machine. Cloning it is cheap, and clones share their connections.
#[derive(Clone, Debug)]
pub struct LocalControl {
    http: Client,
    /// The AWS endpoint, without a slash at its end.
    endpoint_url: String,
}

impl LocalControl {
    /// A control of the system at an AWS endpoint.
    pub(super) fn of(endpoint_url: String) -> anyhow::Result<Self> {
        let http = http::client_for(&endpoint_url, REQUEST_TIMEOUT)?;
        Ok(Self { http, endpoint_url })
    }

    /// Whether it calls the system at this AWS endpoint.
    pub(super) fn is_of(&self, endpoint_url: &str) -> bool {
        self.endpoint_url == endpoint_url
    }

    /// The URL of a path below `/_local`, such as `status`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}/_local/{path}", self.endpoint_url)
    }

    /// Reads a path.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    /// Sets a path.
    pub fn put(&self, path: &str) -> RequestBuilder {
        self.http.put(self.url(path))
    }

    /// Ends or resets a path.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.http.delete(self.url(path))
    }
}
