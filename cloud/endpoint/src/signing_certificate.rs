//! The certificate with which subscribers verify the signatures of SNS. Its URL is `SigningCertURL` in a message.

use axum::body::Bytes;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};

use crate::backend::Backend;

/// The start of the path, as on AWS.
const PREFIX: &str = "/SimpleNotificationService-";

/// Answers a request for a certificate. `None` is another request.
pub(super) async fn answer(backend: &Backend, method: &Method, path: &str) -> Option<Response<Bytes>> {
    if method != Method::GET || !path.starts_with(PREFIX) {
        return None;
    }
    let (status, body) = match backend.sns.certificate(path.trim_start_matches('/')).await {
        Ok(Some(certificate)) => (StatusCode::OK, certificate),
        Ok(None) => (StatusCode::NOT_FOUND, String::new()),
        Err(error) => {
            tracing::error!(%error, "the certificate of SNS could not be read");
            (StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/x-pem-file");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Some(response)
}
