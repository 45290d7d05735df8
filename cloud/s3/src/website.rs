//! The website of a bucket: its documents, and its host, `BUCKET.s3-website.localhost`.

use http::header::HOST;
use http::{HeaderMap, Uri};
use serde::{Deserialize, Serialize};

use crate::error::S3Failure;

/// The end of the hosts of websites, after the name of the bucket.
const HOST_SUFFIX: &str = ".s3-website.localhost";
/// The website of a bucket. It is stored as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Website {
    /// The name of the page of a folder, such as `index.html`.
    pub index_document: String,
    /// The key of the page that is answered instead of an error of the client.
    pub error_document: Option<String>,
}

impl Website {
    /// A website with these documents.
    ///
    /// # Errors
    /// The index document is empty or has a slash.
    pub fn new(index_document: String, error_document: Option<String>) -> Result<Self, S3Failure> {
        if index_document.is_empty() || index_document.contains('/') {
            let message = "The IndexDocument Suffix is not well formed";
            return Err(S3Failure::InvalidArgument(message.to_owned()));
        }
        Ok(Self {
            index_document,
            error_document,
        })
    }
}

/// The bucket whose website a host names.
pub(crate) fn bucket_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let host = uri.authority().map(http::uri::Authority::as_str);
    let host = host.or_else(|| headers.get(HOST)?.to_str().ok())?;
    let name = host.split(':').next()?.to_ascii_lowercase();
    name.strip_suffix(HOST_SUFFIX).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn of(host: &str) -> Option<String> {
        let request = Request::get("/a").header("host", host).body(()).unwrap();
        bucket_of(request.headers(), request.uri())
    }

    #[test]
    fn a_host_names_a_website() {
        assert_eq!(of("pages.s3-website.localhost:4566").as_deref(), Some("pages"));
        assert_eq!(of("a.b.S3-website.localhost").as_deref(), Some("a.b"));
        for host in ["pages.localhost", "127.0.0.1:4566", "s3-website.localhost"] {
            assert_eq!(of(host), None, "{host}");
        }
    }

    #[test]
    fn an_index_document_is_a_name() {
        assert!(Website::new("index.html".to_owned(), None).is_ok());
        for name in ["", "a/index.html"] {
            assert!(Website::new(name.to_owned(), None).is_err(), "{name}");
        }
    }
}
