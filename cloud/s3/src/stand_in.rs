//! Lets every access key of the operator call, although nobody here knows its secret.
//!
//! `up` accepts any access key as the operator's (without `--strict-keys`), so its signature proves nothing and cannot be
//! verified. The wire library refuses what it cannot verify. So the signature is replaced by one with a stand-in secret, and the
//! library reads the request, its dates and its chunks as every other. Requests of functions, and of the operator with strict
//! keys, keep their signature, and it is verified.
//!
//! Source: Amazon S3 API Reference, "Signature calculations for the Authorization header", "Authenticating requests: using
//! query parameters", "Authenticating requests in browser-based uploads".

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::files::hex;

/// All bytes but those that a signature leaves as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
pub(crate) const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

const SIGNATURE: &str = "X-Amz-Signature";

/// The access key of a request, from its header or its query.
pub(crate) fn access_key(parts: &Parts) -> Option<String> {
    let credential = match header_part(parts, "Credential=") {
        Some(credential) => credential.to_owned(),
        None => {
            query_of(parts)
                .into_iter()
                .find(|(name, _)| name == "X-Amz-Credential")?
                .1
        }
    };
    credential.split('/').next().map(str::to_owned)
}

/// Signs a request again with another secret. A request without a signature stays as it is.
pub(crate) fn sign_again(parts: &mut Parts, secret: &str) {
    if header_part(parts, "Credential=").is_some() {
        sign_header(parts, secret);
    } else if query_of(parts).iter().any(|(name, _)| name == SIGNATURE) {
        sign_query(parts, secret);
    }
}

/// The signature of the policy of a form with another secret. `None` if a field is not as it should be.
pub(crate) fn sign_policy(policy: &str, credential: &str, secret: &str) -> Option<String> {
    let (_, scope) = credential.split_once('/')?;
    Some(sign(policy, scope, secret))
}

/// Chunks with signatures of their own cannot be signed again here, so such a request is refused by the wire library.
fn sign_header(parts: &mut Parts, secret: &str) -> Option<()> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let credential = header_part(parts, "Credential=")?;
    let (_, scope) = credential.split_once('/')?;
    let mut signed: Vec<&str> = header_part(parts, "SignedHeaders=")?.split(';').collect();
    signed.sort_unstable();
    let canonical = canonical_request(parts, &signed, text("x-amz-content-sha256")?);
    let signature = sign(
        &string_to_sign(&canonical, text("x-amz-date")?, scope),
        scope,
        secret,
    );
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={}, Signature={signature}",
        header_part(parts, "SignedHeaders=")?
    );
    let value = HeaderValue::try_from(authorization).ok()?;
    parts.headers.insert(AUTHORIZATION, value);
    Some(())
}

fn sign_query(parts: &mut Parts, secret: &str) -> Option<()> {
    let query = query_of(parts);
    let value = |name: &str| {
        query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let (_, scope) = value("X-Amz-Credential")?.split_once('/')?;
    let signed: Vec<&str> = value("X-Amz-SignedHeaders")?.split(';').collect();
    let canonical = canonical_request(parts, &signed, "UNSIGNED-PAYLOAD");
    let signature = sign(
        &string_to_sign(&canonical, value("X-Amz-Date")?, scope),
        scope,
        secret,
    );
    let mut again = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &query {
        again.append_pair(name, if name == SIGNATURE { &signature } else { value });
    }
    let uri = format!("{}?{}", parts.uri.path(), again.finish());
    parts.uri = uri.parse().ok()?;
    Some(())
}

/// A part of the `Authorization` header, such as `Credential=`.
fn header_part<'p>(parts: &'p Parts, name: &str) -> Option<&'p str> {
    let authorization = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    authorization.split(name).nth(1)?.split([',', ' ']).next()
}

pub(crate) fn query_of(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn canonical_request(parts: &Parts, signed: &[&str], payload: &str) -> String {
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let mut query: Vec<_> = query_of(parts)
        .into_iter()
        .filter(|(name, _)| name != SIGNATURE)
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    query.sort_by(|(before, _), (after, _)| before.cmp(after));
    let query: Vec<_> = query
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let signed: Vec<_> = signed
        .iter()
        .filter(|name| parts.headers.contains_key(**name))
        .copied()
        .collect();
    let headers = signed.iter().map(|name| {
        let values = parts.headers.get_all(*name).iter();
        let values = values.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        let values: Vec<_> = values
            .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        format!("{name}:{}\n", values.join(","))
    });
    format!(
        "{}\n{}\n{}\n{}\n{}\n{payload}",
        parts.method,
        utf8_percent_encode(&path, ENCODED_IN_PATH),
        query.join("&"),
        headers.collect::<String>(),
        signed.join(";"),
    )
}

fn string_to_sign(canonical: &str, date: &str, scope: &str) -> String {
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}")
}

/// Signs a text with the key of a scope, `DATE/REGION/SERVICE/aws4_request`.
fn sign(text: &str, scope: &str, secret: &str) -> String {
    let key = scope
        .split('/')
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
            mac(&key, part.as_bytes())
        });
    hex(&mac(&key, text.as_bytes()))
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of HMAC can have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example "GET Object" of the source.
    #[test]
    fn a_header_is_signed_as_in_the_example_of_aws() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let (mut parts, ()) = http::Request::get("/test.txt")
            .header("host", "examplebucket.s3.amazonaws.com")
            .header("range", "bytes=0-9")
            .header("x-amz-content-sha256", empty)
            .header("x-amz-date", "20130524T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
                 SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=0",
            )
            .body(())
            .unwrap()
            .into_parts();
        assert_eq!(access_key(&parts).as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        sign_again(&mut parts, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let authorization = parts.headers["authorization"].to_str().unwrap();
        let expected = "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert!(authorization.ends_with(expected), "{authorization}");
    }

    /// The example of the source, a presigned URL.
    #[test]
    fn a_query_is_signed_as_in_the_example_of_aws() {
        let uri = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
                   &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                   &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
        let request = http::Request::get(uri).header("host", "examplebucket.s3.amazonaws.com");
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(access_key(&parts).as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        sign_again(&mut parts, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let expected = "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(parts.uri.query().unwrap().ends_with(expected), "{}", parts.uri);
    }

    #[test]
    fn a_request_without_a_signature_stays_as_it_is() {
        let (mut parts, ()) = http::Request::get("/b/k?list-type=2")
            .body(())
            .unwrap()
            .into_parts();
        let before = parts.uri.clone();
        sign_again(&mut parts, "s");
        assert_eq!((access_key(&parts), parts.uri), (None, before));
    }
}
