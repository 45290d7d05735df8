//! Tells a request to S3 from those to the other services of the endpoint, and finds its bucket.

use cloud_wire::ACCOUNT;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

use crate::website;

/// Whether a request is for S3: its host is a website, it is signed for S3, or it is not signed for another service and names a bucket.
///
/// All other services take their requests at `/` or at the path of a queue, which begins with the account.
#[must_use]
pub fn is_for_s3(headers: &HeaderMap, uri: &Uri) -> bool {
    if is_for_website(headers, uri) {
        return true;
    }
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let text = authorization.to_str().unwrap_or_default();
        return text.contains("/s3/aws4_request");
    }
    let query = uri.query().unwrap_or_default();
    if query.contains("X-Amz-Signature=") {
        return query.contains("%2Fs3%2Faws4_request") || query.contains("/s3/aws4_request");
    }
    !headers.contains_key("x-amz-target") && names_a_bucket(uri.path())
}

/// Whether the host of a request is the website of a bucket. It must reach nothing else: a page of the website has the host's origin.
#[must_use]
pub fn is_for_website(headers: &HeaderMap, uri: &Uri) -> bool {
    website::bucket_of(headers, uri).is_some()
}

/// The bucket that a request names by its host or its path, and the key, which can be empty.
pub(crate) fn place(headers: &HeaderMap, uri: &Uri) -> (String, String) {
    let path = uri.path().strip_prefix('/').unwrap_or_default();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.split(':').next());
    let virtual_host = host.and_then(|host| host.strip_suffix(".localhost"));
    if let Some(bucket) = website::bucket_of(headers, uri).or_else(|| virtual_host.map(str::to_owned)) {
        return (bucket, decoded(path));
    }
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (decoded(bucket), decoded(key))
}

fn names_a_bucket(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    first != ACCOUNT && s3s::path::check_bucket_name(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        is_for_s3(request.headers(), request.uri())
    }

    #[test]
    fn a_request_names_its_bucket_by_its_host_or_by_its_path() {
        let of = |host: &str, path: &str| {
            let request = http::Request::get(path).header("host", host).body(()).unwrap();
            place(request.headers(), request.uri())
        };
        let covers = |key: &str| ("covers".to_owned(), key.to_owned());
        assert_eq!(of("127.0.0.1:4566", "/covers/a%20b/c"), covers("a b/c"));
        assert_eq!(of("127.0.0.1:4566", "/covers"), covers(""));
        assert_eq!(of("covers.localhost:4566", "/a"), covers("a"));
        assert_eq!(of("covers.s3-website.localhost:4566", "/a"), covers("a"));
    }

    #[test]
    fn the_signature_or_the_path_says_which_service_it_is_for() {
        let signed = |service: &str| format!("AWS4-HMAC-SHA256 Credential=k/d/r/{service}/aws4_request, x");
        assert!(is("/", &[("authorization", &signed("s3"))]));
        assert!(!is("/covers/1.jpg", &[("authorization", &signed("sqs"))]));
        assert!(is(
            "/covers/1.jpg?X-Amz-Credential=k%2Fd%2Fr%2Fs3%2Faws4_request&X-Amz-Signature=0",
            &[]
        ));
        assert!(!is(
            "/?X-Amz-Credential=k%2Fd%2Fr%2Fsts%2Faws4_request&X-Amz-Signature=0",
            &[]
        ));
        assert!(is("/covers/1.jpg", &[]));
        assert!(!is("/covers/1.jpg", &[("x-amz-target", "AmazonSQS.SendMessage")]));
        for path in [
            "/",
            "/000000000000/orders",
            "/_local/health",
            "/SimpleNotificationService-1.pem",
        ] {
            assert!(!is(path, &[]), "{path}");
        }
    }
}
