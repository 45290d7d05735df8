//! Forms by which a browser uploads a file (POST policies).
//!
//! The wire library reads them. Before that, the signature of a key whose secret nobody here knows is replaced in the form, as
//! `stand_in` does for other requests, and the conditions of the policy are checked: the library checks them too, and answers 400 where
//! AWS answers 403. Source: Amazon S3 API Reference, "Creating a POST policy".

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, Response, StatusCode, header};
use s3s::post_policy::{PostPolicy, PostPolicyCondition};

use crate::error::S3Failure;
use crate::{stand_in, stand_in_v2};

/// The largest form in bytes: the wire library holds it in memory as well.
const MAX_FORM: usize = 64 * 1024 * 1024;

/// Whether the body is a form with a file.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// Signs the policy of a form again, if `secret` has a stand-in for the access key.
///
/// # Errors
/// Returns the answer to a form that is too large or breaks its policy.
pub(crate) async fn sign_again(
    body: Body,
    bucket: &str,
    secret: impl Fn(&str) -> Option<Arc<str>>,
) -> Result<Body, Box<Response<Body>>> {
    let form = to_bytes(body, MAX_FORM)
        .await
        .map_err(|_| Box::new(too_large()))?;
    if let Some(condition) = broken_condition(&form, bucket) {
        let message = format!("Invalid according to Policy: Policy Condition failed: {condition}");
        return Err(Box::new(S3Failure::AccessDenied(message).answer()));
    }
    Ok(Body::from(signed(&form, secret).map_or(form, Bytes::from)))
}

/// The first condition that the fields of a form break, as AWS writes it. A policy that cannot be read is left to the wire library.
fn broken_condition(form: &[u8], bucket: &str) -> Option<String> {
    let text = |name: &str| std::str::from_utf8(form.get(field(form, name)?)?).ok();
    let value = |name: &str| match name {
        "bucket" => bucket,
        name => text(name).unwrap_or_default(),
    };
    let policy = PostPolicy::from_base64(text("policy")?).ok()?;
    policy.conditions.iter().find_map(|condition| match condition {
        PostPolicyCondition::Eq { field, value: wanted } if value(field) != wanted => {
            Some(format!("[\"eq\", \"${field}\", \"{wanted}\"]"))
        }
        PostPolicyCondition::StartsWith { field, prefix } if !value(field).starts_with(prefix) => {
            Some(format!("[\"starts-with\", \"${field}\", \"{prefix}\"]"))
        }
        _ => None,
    })
}

fn too_large() -> Response<Body> {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>EntityTooLarge</Code><Message>Your proposed upload \
                exceeds the maximum allowed size</Message></Error>";
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// The form with another signature. `None` leaves it as it is.
fn signed(form: &[u8], secret: impl Fn(&str) -> Option<Arc<str>>) -> Option<Vec<u8>> {
    let text = |name: &str| std::str::from_utf8(form.get(field(form, name)?)?).ok();
    let policy = text("policy")?;
    let (signature, place) = if let Some(credential) = text("x-amz-credential") {
        let secret = secret(credential.split('/').next()?)?;
        let signature = stand_in::sign_policy(policy, credential, &secret)?;
        (signature, field(form, "x-amz-signature")?)
    } else {
        let secret = secret(text("awsaccesskeyid")?)?;
        (stand_in_v2::sign(policy, &secret), field(form, "signature")?)
    };
    let mut form = form.to_vec();
    form.splice(place, signature.into_bytes());
    Some(form)
}

/// Where the value of a field is. Names of fields have no case.
fn field(form: &[u8], name: &str) -> Option<Range<usize>> {
    let label = format!("name=\"{name}\"");
    let at = form
        .windows(label.len())
        .position(|part| part.eq_ignore_ascii_case(label.as_bytes()))?;
    let start = at + find(form.get(at..)?, b"\r\n\r\n")? + 4;
    let end = start + find(form.get(start..)?, b"\r\n--")?;
    Some(start..end)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(signature: &str) -> Vec<u8> {
        let part = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let parts = [
            part("key", "a.jpg"),
            part("Policy", "e30="),
            part("X-Amz-Credential", "AKIA1/20261129/us-east-1/s3/aws4_request"),
            part("X-Amz-Signature", signature),
            part("file", "bytes"),
        ];
        format!("{}--b--\r\n", parts.concat()).into_bytes()
    }

    #[test]
    fn the_first_condition_that_is_broken_is_named() {
        let form = |conditions: &str| {
            let policy = format!(r#"{{"expiration": "2036-11-29T00:00:00Z", "conditions": {conditions}}}"#);
            let policy = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, policy);
            String::from_utf8(form("00"))
                .unwrap()
                .replace("e30=", &policy)
                .into_bytes()
        };
        let broken = |conditions| broken_condition(&form(conditions), "covers");
        assert_eq!(
            broken(r#"[{"bucket": "covers"}, ["starts-with", "$key", "a"]]"#),
            None
        );
        assert_eq!(broken(r#"[["content-length-range", 9, 10]]"#), None);
        assert_eq!(
            broken(r#"[{"key": "a.jpg"}, {"bucket": "other"}]"#).as_deref(),
            Some(r#"["eq", "$bucket", "other"]"#)
        );
        assert_eq!(
            broken(r#"[["starts-with", "$Content-Type", "image/"]]"#).as_deref(),
            Some(r#"["starts-with", "$content-type", "image/"]"#)
        );
    }

    #[test]
    fn the_signature_of_a_form_is_replaced_for_a_key_with_a_stand_in() {
        let again = signed(&form("old"), |key| (key == "AKIA1").then(|| "secret".into())).unwrap();
        let signature =
            stand_in::sign_policy("e30=", "AKIA1/20261129/us-east-1/s3/aws4_request", "secret").unwrap();
        assert_eq!(again, form(&signature));
        assert_eq!(signed(&form("old"), |_| None), None);
        assert_eq!(signed(b"no form", |_| Some("secret".into())), None);
    }
}
