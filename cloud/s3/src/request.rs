//! Tells a request to S3 from those to the other services of the endpoint.

use cloud_wire::ACCOUNT;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Uri};

/// Whether a request is for S3: it is signed for S3, or it is not signed for another service and names a bucket.
///
/// All other services take their requests at `/` or at the path of a queue, which begins with the account.
#[must_use]
pub fn is_for_s3<B>(request: &Request<B>) -> bool {
    let (headers, uri): (&HeaderMap, &Uri) = (request.headers(), request.uri());
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
        is_for_s3(&request.body(()).unwrap())
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
