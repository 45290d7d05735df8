//! The same as `stand_in` for signatures of version 2, which boto3 and the AWS CLI still make for presigned URLs and forms.
//!
//! Source: Amazon S3 User Guide, "Authenticating requests (AWS signature version 2)".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use sha1::Sha1;

use crate::stand_in::query_of;

/// The parameters that are signed, in their order. Source: as above, "Constructing the `CanonicalizedResource` element".
const SIGNED: [&str; 20] = [
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "notification",
    "partNumber",
    "policy",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "tagging",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "website",
];

/// The access key of a presigned URL.
pub(crate) fn access_key(parts: &Parts) -> Option<String> {
    let query = query_of(parts);
    query
        .into_iter()
        .find(|(name, _)| name == "AWSAccessKeyId")
        .map(|(_, key)| key)
}

/// Signs a presigned URL again with another secret.
pub(crate) fn sign_again(parts: &mut Parts, secret: &str) -> Option<()> {
    let query = query_of(parts);
    let signature = sign(&string_to_sign(parts, &query), secret);
    let mut again = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &query {
        again.append_pair(name, if name == "Signature" { &signature } else { value });
    }
    parts.uri = format!("{}?{}", parts.uri.path(), again.finish()).parse().ok()?;
    Some(())
}

fn string_to_sign(parts: &Parts, query: &[(String, String)]) -> String {
    let header = |name: &str| {
        let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let parameter = |wanted: &str| {
        query
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let mut names: Vec<_> = parts.headers.keys().map(http::HeaderName::as_str).collect();
    names.retain(|name| name.starts_with("x-amz-"));
    names.sort_unstable();
    let amazon = names.iter().map(|name| {
        let values = parts
            .headers
            .get_all(*name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        format!("{name}:{}\n", values.map(str::trim).collect::<Vec<_>>().join(","))
    });
    let signed = SIGNED.iter().filter_map(|name| {
        let value = parameter(name)?;
        Some(if value.is_empty() {
            (*name).to_owned()
        } else {
            format!("{name}={value}")
        })
    });
    let signed = signed.collect::<Vec<_>>().join("&");
    format!(
        "{}\n{}\n{}\n{}\n{}{}{}{signed}",
        parts.method,
        header("content-md5"),
        header("content-type"),
        parameter("Expires").unwrap_or_default(),
        amazon.collect::<String>(),
        parts.uri.path(),
        if signed.is_empty() { "" } else { "?" },
    )
}

/// Signs a text, such as the policy of a form.
pub(crate) fn sign(text: &str, secret: &str) -> String {
    // A key of HMAC can have any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    /// The example "Query string request authentication" of the source. Its signature there is of another bucket; this one is of
    /// Python's `hmac`, from the string to sign of the example.
    #[test]
    fn a_url_is_signed_as_in_the_example_of_aws() {
        let uri = "/awsexamplebucket1/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=0&Expires=1175139620";
        let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
        assert_eq!(access_key(&parts).as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        sign_again(&mut parts, SECRET).unwrap();
        let query = query_of(&parts);
        let signature = query.iter().find(|(name, _)| name == "Signature").unwrap();
        assert_eq!(signature.1, "1No4mq5ETf02z8aet9voy6gui6E=");
    }
}
