//! The website endpoint of a bucket: pages for browsers, at `http://BUCKET.s3-website.localhost`.
//!
//! A request becomes a read of an object by somebody without credentials, and an error becomes a page. The host serves nothing else,
//! so a page of a bucket is a page of an origin of its own.
//!
//! Sources: Amazon S3 User Guide, "Website endpoints", "Configuring an index document", "Configuring a custom error document".

use axum::body::Body;
use cloud_wire::Xml;
use http::header::{CONTENT_TYPE, HOST, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::service::S3;
use crate::stand_in::ENCODED_IN_PATH;

/// The headers of a request that select what of an object is answered.
const PASSED_ON: [&str; 6] = [
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
];

/// The reason for a page of an error.
#[derive(Clone, Debug)]
struct Reason {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    /// The subject of the reason: a name, and its value.
    about: (&'static str, String),
}

impl Reason {
    /// The reason of a read that failed.
    fn of(status: StatusCode, key: &str) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => ("NoSuchKey", "The specified key does not exist."),
            StatusCode::FORBIDDEN => ("AccessDenied", "Access Denied"),
            StatusCode::PRECONDITION_FAILED => (
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
            ),
            StatusCode::RANGE_NOT_SATISFIABLE => ("InvalidRange", "The requested range is not satisfiable"),
            _ => (
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
        };
        Self {
            status,
            code,
            message,
            about: ("Key", key.to_owned()),
        }
    }

    fn list(&self, xml: &mut Xml) {
        let (name, value) = &self.about;
        xml.element("ul", |xml| {
            xml.text("li", &format!("Code: {}", self.code))
                .text("li", &format!("Message: {}", self.message))
                .text("li", &format!("{name}: {value}"));
        });
    }

    /// The page. `nested` is why the error document could not be read.
    fn page(&self, nested: Option<&Self>) -> Response<Body> {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let title = format!("{} {reason}", self.status.as_u16());
        let mut xml = Xml::default();
        xml.element("html", |xml| {
            xml.element("head", |xml| {
                xml.text("title", &title);
            });
            xml.element("body", |xml| {
                xml.text("h1", &title);
                self.list(xml);
                if let Some(nested) = nested {
                    let why = "An Error Occurred While Attempting to Retrieve a Custom Error Document";
                    xml.text("h3", why);
                    nested.list(xml);
                }
                xml.empty("hr");
            });
        });
        let mut response = Response::new(Body::from(xml.into_string()));
        *response.status_mut() = self.status;
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

impl S3 {
    /// Answers a request to the website of a bucket.
    pub(crate) async fn answer_website(&self, bucket: &str, parts: &Parts) -> Response<Body> {
        let mut response = self.page(bucket, parts).await;
        if parts.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    async fn page(&self, bucket: &str, parts: &Parts) -> Response<Body> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Reason {
                status: StatusCode::METHOD_NOT_ALLOWED,
                code: "MethodNotAllowed",
                message: "The specified method is not allowed against this resource.",
                about: ("Method", parts.method.to_string()),
            }
            .page(None);
        }
        let not_found = |code, message| Reason {
            status: StatusCode::NOT_FOUND,
            code,
            message,
            about: ("BucketName", bucket.to_owned()),
        };
        let Some(found) = self.bucket(bucket) else {
            return not_found("NoSuchBucket", "The specified bucket does not exist").page(None);
        };
        let Some(website) = &found.settings.website else {
            let message = "The specified bucket does not have a website configuration";
            return not_found("NoSuchWebsiteConfiguration", message).page(None);
        };
        let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
        let path = path.strip_prefix('/').unwrap_or(&path);
        let is_folder = path.is_empty() || path.ends_with('/');
        let key = if is_folder {
            format!("{path}{}", website.index_document)
        } else {
            path.to_owned()
        };
        let answer = self
            .read_openly(&parts.method, bucket, &key, &parts.headers)
            .await;
        let status = answer.status();
        if !(status.is_client_error() || status.is_server_error()) {
            return redirected(answer);
        }
        let is_missing = matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
        if is_missing && !is_folder {
            let index = format!("{key}/{}", website.index_document);
            let found = self
                .read_openly(&Method::HEAD, bucket, &index, &HeaderMap::new())
                .await;
            if found.status().is_success() {
                return redirect(StatusCode::FOUND, &format!("/{}/", encoded(&key)));
            }
        }
        let reason = Reason::of(status, &key);
        let Some(error_key) = website
            .error_document
            .as_ref()
            .filter(|_| status.is_client_error())
        else {
            return reason.page(None);
        };
        let mut page = self
            .read_openly(&parts.method, bucket, error_key, &HeaderMap::new())
            .await;
        if page.status().is_success() {
            *page.status_mut() = status;
            page
        } else {
            reason.page(Some(&Reason::of(page.status(), error_key)))
        }
    }

    /// Reads an object as somebody without credentials.
    async fn read_openly(
        &self,
        method: &Method,
        bucket: &str,
        key: &str,
        headers: &HeaderMap,
    ) -> Response<Body> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method.clone();
        request
            .headers_mut()
            .insert(HOST, HeaderValue::from_static("127.0.0.1"));
        for name in PASSED_ON {
            if let Some(value) = headers.get(name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        match format!("/{bucket}/{}", encoded(key)).parse() {
            Ok(uri) => {
                *request.uri_mut() = uri;
                self.answer(request).await
            }
            // A path that cannot be written is longer than the longest key.
            Err(_) => Reason::of(StatusCode::NOT_FOUND, key).page(None),
        }
    }
}

fn encoded(key: &str) -> String {
    utf8_percent_encode(key, ENCODED_IN_PATH).to_string()
}

/// An object can stand for another address.
fn redirected(answer: Response<Body>) -> Response<Body> {
    let place = answer.headers().get("x-amz-website-redirect-location");
    match place.and_then(|place| place.to_str().ok()) {
        Some(place) => redirect(StatusCode::MOVED_PERMANENTLY, place),
        None => answer,
    }
}

fn redirect(status: StatusCode, place: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}
