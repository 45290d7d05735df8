//! The upload of a cover: what a client asks for, and the form that S3 takes it with.
//!
//! The form is a POST policy, signed with the function's own credentials. It names the bucket, the key, the type and the exact size, so
//! nobody can upload anything else with it. Source: Amazon S3 API Reference, "Browser-based uploads using POST".

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_core::fields::{Fields, integer};
use order_core::{Pointer, Violations};
use serde::Serialize;
use serde_json::{Value, json};
use time::macros::format_description;
use timestamp::Timestamp;

use crate::isbn::Isbn;

/// The types of files that covers are made of.
pub const CONTENT_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];

pub use book_cover::MAX_BYTES;

/// How long a form can be sent.
const VALIDITY: Duration = Duration::from_mins(10);

/// A file that somebody wants to upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload {
    content_type: &'static str,
    size: u32,
}

impl Upload {
    /// Parses a request, and lists every violation.
    pub fn accept<'a>(document: impl Into<json_document::Value<'a>>) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let upload = parse(&document.into(), &mut violations);
        match upload {
            Some(upload) if violations.is_empty() => Ok(upload),
            _ => Err(violations),
        }
    }
}

fn parse(document: &json_document::Value<'_>, violations: &mut Violations) -> Option<Upload> {
    let mut fields = Fields::of(document, Pointer::WHOLE, violations)?;
    let content_type = fields.required_text("content_type", known_type, violations);
    let size = fields.required("size", violations);
    let size = size.and_then(|value| {
        let size = integer(value).and_then(|size| u32::try_from(size).ok());
        let size = size.filter(|size| (1..=MAX_BYTES).contains(size));
        if size.is_none() {
            violations.push("/size", format!("must be a whole number from 1 to {MAX_BYTES}"));
        }
        size
    });
    fields.finish(violations);
    Some(Upload {
        content_type: content_type?,
        size: size?,
    })
}

fn known_type(text: &str) -> Result<&'static str, String> {
    let found = CONTENT_TYPES.into_iter().find(|known| *known == text);
    found.ok_or_else(|| format!("must be one of {}", CONTENT_TYPES.join(", ")))
}

/// Where uploads go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadBucket {
    /// The name of the bucket.
    pub name: String,
    /// Its region.
    pub region: String,
    /// The endpoint of all services, if it is not that of AWS.
    pub endpoint_url: Option<String>,
}

/// The form that uploads a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadForm {
    url: String,
    fields: BTreeMap<&'static str, String>,
    expires_at: Timestamp,
}

impl UploadBucket {
    /// Signs the form that uploads the cover of a book.
    #[must_use]
    pub fn sign(&self, isbn: &Isbn, upload: Upload, credentials: &Credentials, now: Timestamp) -> UploadForm {
        let moment = now.as_offset_date_time();
        let stamp = moment.format(format_description!("[year][month][day]T[hour][minute][second]Z"));
        // Formatting fails only for years of five digits.
        let stamp = stamp.unwrap_or_default();
        let day = stamp.get(..8).unwrap_or_default();
        let expires_at = Timestamp::new(moment + VALIDITY);
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let mut fields = BTreeMap::from([
            ("Content-Type", upload.content_type.to_owned()),
            ("key", format!("uploads/{isbn}")),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            (
                "x-amz-credential",
                format!("{}/{scope}", credentials.access_key_id()),
            ),
            ("x-amz-date", stamp.clone()),
        ]);
        if let Some(token) = credentials.session_token() {
            fields.insert("x-amz-security-token", token.to_owned());
        }
        // Each field of the form has to be in the policy.
        let exact = fields.iter().map(|(name, value)| json!({ *name: value }));
        let mut conditions: Vec<Value> = exact.collect();
        conditions.push(json!({"bucket": self.name}));
        conditions.push(json!(["content-length-range", upload.size, upload.size]));
        let policy = json!({"expiration": expires_at, "conditions": conditions}).to_string();
        let policy = STANDARD.encode(policy);
        let key = generate_signing_key(
            credentials.secret_access_key(),
            SystemTime::from(moment),
            &self.region,
            "s3",
        );
        fields.insert("x-amz-signature", calculate_signature(key, policy.as_bytes()));
        fields.insert("policy", policy);
        UploadForm {
            url: self.url(),
            fields,
            expires_at,
        }
    }

    /// The address of the bucket. Another endpoint than that of AWS has the name of the bucket in the path.
    fn url(&self) -> String {
        match &self.endpoint_url {
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), self.name),
            None => format!("https://{}.s3.{}.amazonaws.com/", self.name, self.region),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(endpoint_url: Option<&str>) -> UploadBucket {
        UploadBucket {
            name: "uploads".to_owned(),
            region: "eu-west-1".to_owned(),
            endpoint_url: endpoint_url.map(str::to_owned),
        }
    }

    #[test]
    fn a_request_names_a_type_and_a_size() {
        let accept = |document: Value| Upload::accept(&document).map_err(|violations| violations.to_string());
        for content_type in CONTENT_TYPES {
            let upload = accept(json!({"content_type": content_type, "size": MAX_BYTES})).unwrap();
            assert_eq!((upload.content_type, upload.size), (content_type, MAX_BYTES));
        }
        let upload = accept(json!({"content_type": "image/gif", "size": 2.0})).unwrap();
        assert_eq!(upload.size, 2);
        let texts = [
            accept(json!({})),
            accept(json!({"content_type": "text/plain", "size": 0, "name": "a.jpg"})),
            accept(json!({"content_type": 1, "size": MAX_BYTES + 1})),
            accept(json!({"content_type": "image/jpeg", "size": 1.5})),
        ]
        .map(Result::unwrap_err);
        assert_eq!(
            texts,
            [
                "/content_type: is required; /size: is required",
                "/content_type: must be one of image/jpeg, image/png, image/webp, image/gif; /size: must be a whole number \
                 from 1 to 20971520; /name: is not a field here; the fields are content_type, size",
                "/content_type: must be a string; /size: must be a whole number from 1 to 20971520",
                "/size: must be a whole number from 1 to 20971520",
            ]
        );
    }

    #[test]
    fn the_policy_names_every_field_the_bucket_and_the_size() {
        let credentials = Credentials::new("ASIAKEY", "secret", Some("token".to_owned()), None, "test");
        let upload = Upload::accept(&json!({"content_type": "image/png", "size": 7})).unwrap();
        let isbn: Isbn = "9783161484100".parse().unwrap();
        let now = "2026-11-29T12:00:00.000Z".parse().unwrap();
        let form = bucket(None).sign(&isbn, upload, &credentials, now);
        assert_eq!(form.url, "https://uploads.s3.eu-west-1.amazonaws.com/");
        assert_eq!(form.expires_at.to_string(), "2026-11-29T12:10:00.000Z");
        let policy: Value =
            serde_json::from_slice(&STANDARD.decode(&form.fields["policy"]).unwrap()).unwrap();
        assert_eq!(
            policy,
            json!({
                "expiration": "2026-11-29T12:10:00.000Z",
                "conditions": [
                    {"Content-Type": "image/png"},
                    {"key": "uploads/9783161484100"},
                    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
                    {"x-amz-credential": "ASIAKEY/20261129/eu-west-1/s3/aws4_request"},
                    {"x-amz-date": "20261129T120000Z"},
                    {"x-amz-security-token": "token"},
                    {"bucket": "uploads"},
                    ["content-length-range", 7, 7],
                ],
            })
        );
        let local = bucket(Some("http://127.0.0.1:4566/")).sign(&isbn, upload, &credentials, now);
        assert_eq!(local.url, "http://127.0.0.1:4566/uploads");
    }

    /// The example of AWS: "Example: Browser-based upload using HTTP POST (using AWS Signature Version 4)".
    #[test]
    fn a_signature_is_that_of_the_example_of_aws() {
        let policy = concat!(
            "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6",
            "ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFj",
            "bCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tl",
            "dC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5",
            "cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZl",
            "ci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoN",
            "CiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVx",
            "dWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAx",
            "NTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9",
        );
        let moment: Timestamp = "2015-12-29T00:00:00.000Z".parse().unwrap();
        let key = generate_signing_key(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            SystemTime::from(moment.as_offset_date_time()),
            "us-east-1",
            "s3",
        );
        assert_eq!(
            calculate_signature(key, policy.as_bytes()),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }
}
