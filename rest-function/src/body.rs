//! Reads the JSON document in a request's body.

use std::borrow::Cow;

use aws_lambda_events::http::HeaderValue;
use aws_lambda_events::http::header::ACCEPT;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_document::Value;

use crate::problem::ProblemKind;
use crate::request::Request;
use crate::response::ErrorResponse;

/// The bytes of a request's body that may hold a JSON document.
#[derive(Debug)]
pub struct Body<'request>(Cow<'request, [u8]>);

impl<'request> Body<'request> {
    /// Reads the body, which may have at most `max_bytes`.
    pub fn of<K: ProblemKind>(
        request: &'request Request,
        max_bytes: usize,
    ) -> Result<Self, ErrorResponse<K>> {
        check_content_type(&request.header("content-type"))?;
        check_content_encoding(&request.header("content-encoding"))?;
        let bytes = bytes(request, max_bytes)?;
        if bytes.is_empty() {
            return Err(malformed("the body is empty; send JSON"));
        }
        Ok(Self(bytes))
    }

    /// The JSON document in it.
    pub fn document<K: ProblemKind>(&self) -> Result<Value<'_>, ErrorResponse<K>> {
        json_document::parse(&self.0).map_err(|error| malformed(error.to_string()))
    }
}

fn bytes<K: ProblemKind>(request: &Request, max_bytes: usize) -> Result<Cow<'_, [u8]>, ErrorResponse<K>> {
    let body = request.body();
    if !request.is_base64_encoded() {
        check_size(body.len(), max_bytes)?;
        check_encoding(body)?;
        return Ok(Cow::Borrowed(body.as_bytes()));
    }
    // Four characters hold three bytes. A body far over the limit is refused before it is decoded.
    check_size((body.len() / 4).saturating_sub(1) * 3, max_bytes)?;
    let bytes = STANDARD
        .decode(body)
        .map_err(|_| malformed("the body is not valid base64"))?;
    check_size(bytes.len(), max_bytes)?;
    Ok(Cow::Owned(bytes))
}

fn check_size<K: ProblemKind>(bytes: usize, max_bytes: usize) -> Result<(), ErrorResponse<K>> {
    if bytes <= max_bytes {
        return Ok(());
    }
    Err(ErrorResponse::new(
        K::TOO_LARGE,
        format!("the body is over {max_bytes} bytes; send a smaller one"),
    ))
}

/// API Gateway writes U+FFFD where the client's bytes were not UTF-8. The text is lost then, so the body is refused.
fn check_encoding<K: ProblemKind>(body: &str) -> Result<(), ErrorResponse<K>> {
    if !body.contains(char::REPLACEMENT_CHARACTER) {
        return Ok(());
    }
    Err(malformed(
        "the body is not UTF-8, or has the character U+FFFD; send UTF-8, and write that character as \\ufffd",
    ))
}

/// Accepts `application/json`, and types with the suffix `+json` (RFC 6839), in UTF-8.
fn check_content_type<K: ProblemKind>(values: &[&HeaderValue]) -> Result<(), ErrorResponse<K>> {
    let is_json = match values {
        [value] => value.to_str().is_ok_and(is_json),
        _ => false,
    };
    if is_json {
        Ok(())
    } else {
        Err(unsupported(
            "send the header Content-Type: application/json, with a body in UTF-8",
        ))
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type
        .split(';')
        .map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let is_json = essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"));
    let is_utf8 = parts.all(|parameter| match parameter.strip_prefix("charset=") {
        Some(charset) => charset.trim_matches('"') == "utf-8",
        None => true,
    });
    is_json && is_utf8
}

/// Neither the gateway nor this function decompresses a body.
fn check_content_encoding<K: ProblemKind>(values: &[&HeaderValue]) -> Result<(), ErrorResponse<K>> {
    let is_plain = values
        .iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_plain {
        Ok(())
    } else {
        Err(unsupported("send the body without a Content-Encoding"))
    }
}

fn malformed<K: ProblemKind>(detail: impl Into<String>) -> ErrorResponse<K> {
    ErrorResponse::new(K::MALFORMED, detail)
}

/// The header `Accept` names the accepted type, by RFC 9110 §15.5.16.
fn unsupported<K: ProblemKind>(detail: &str) -> ErrorResponse<K> {
    ErrorResponse::new(K::UNSUPPORTED_MEDIA_TYPE, detail).with_header(ACCEPT, "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_json() {
        for accepted in [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            "application/json; charset=\"UTF-8\"",
            "application/vnd.shop.order+json; version=1",
        ] {
            assert!(is_json(accepted), "{accepted}");
        }
        for refused in [
            "",
            "text/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/jsonp",
        ] {
            assert!(!is_json(refused), "{refused}");
        }
    }
}
