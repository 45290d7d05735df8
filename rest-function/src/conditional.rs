//! Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1.2).

use aws_lambda_events::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The strong entity tag of a body. Another body has another tag.
#[must_use]
pub fn entity_tag(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..16]))
}

/// Whether `If-None-Match` names the tag, which means that the client holds the current body. The comparison is weak, as RFC 9110
/// demands for this header: a cache on the way may have marked the tag as weak.
#[must_use]
pub fn names(if_none_match: &[&HeaderValue], entity_tag: &str) -> bool {
    if_none_match
        .iter()
        .filter_map(|value| value.to_str().ok())
        // No tag of this API holds a comma.
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == entity_tag)
}

/// Whether `If-Match` names the tag, which means that the client changes what it has seen. The comparison is strong, as RFC 9110
/// demands for this header: a weak tag never matches.
#[must_use]
pub fn matches(if_match: &[&HeaderValue], entity_tag: &str) -> bool {
    if_match
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag == entity_tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_changes_with_the_body() {
        assert_eq!(entity_tag("a"), "\"ypeBEsobvcr6wjGzmiPcTQ\"");
        assert_ne!(entity_tag("a"), entity_tag("b"));
    }

    #[test]
    fn a_weak_tag_does_not_match() {
        let tag = entity_tag("a");
        let matches = |value: &str| matches(&[&value.parse().unwrap()], &tag);
        assert!(matches(&tag) && matches(&format!("\"x\", {tag}")) && matches("*"));
        assert!(!matches(&format!("W/{tag}")) && !matches("\"x\"") && !matches(""));
    }

    #[test]
    fn tags_are_found_in_lists() {
        let tag = entity_tag("a");
        let names = |values: &[&str]| {
            let values: Vec<HeaderValue> = values.iter().map(|value| value.parse().unwrap()).collect();
            names(&values.iter().collect::<Vec<_>>(), &tag)
        };
        let (weak, list) = (format!("W/{tag}"), format!("\"x\", {tag}"));
        for found in [
            vec![tag.as_str()],
            vec![&weak],
            vec![&list],
            vec!["\"x\"", &tag],
            vec!["*"],
        ] {
            assert!(names(&found), "{found:?}");
        }
        for other in [
            vec![],
            vec![""],
            vec!["\"x\""],
            vec![tag.trim_matches('"')],
            vec!["é"],
        ] {
            assert!(!names(&other), "{other:?}");
        }
    }
}
