//! The trace of a request, in the header `X-Amzn-Trace-Id`.
//!
//! Source: the X-Ray Developer Guide, "Tracing header": `Root=1-5759e988-bd862e3fe1be46a994272793`. The second part is the time in
//! seconds since 1970, the third 96 random bits, both in hexadecimal digits.

use time::OffsetDateTime;
use uuid::Uuid;

/// Returns the client's trace if it names a root, and a new one otherwise.
pub(crate) fn continued(sent: Option<&str>, request_id: Uuid) -> String {
    match sent {
        Some(sent) if names_a_root(sent) => sent.to_owned(),
        _ => new(request_id),
    }
}

/// A new trace. Its random bits are those of the request's id.
fn new(request_id: Uuid) -> String {
    let seconds = OffsetDateTime::now_utc().unix_timestamp();
    let random = request_id.simple().to_string();
    format!("Root=1-{seconds:08x}-{}", &random[..24])
}

fn names_a_root(header: &str) -> bool {
    let root = header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root="));
    root.is_some_and(|root| {
        let parts: Vec<&str> = root.split('-').collect();
        let is_hexadecimal = |part: &str, digits: usize| {
            part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        matches!(parts.as_slice(), ["1", seconds, random] if is_hexadecimal(seconds, 8) && is_hexadecimal(random, 24))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_continued_and_anything_else_is_replaced() {
        let id = Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);
        for sent in [
            "Root=1-5759e988-bd862e3fe1be46a994272793",
            "Parent=53995c3f42cd8ad8; Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        ] {
            assert_eq!(continued(Some(sent), id), sent);
        }
        for sent in [
            None,
            Some(""),
            Some("Sampled=1"),
            Some("Root=1-5759e988"),
            Some("Root=2-5759e988-bd862e3fe1be46a994272793"),
            Some("Root=1-5759e988-bd862e3fe1be46a99427279x"),
        ] {
            let new = continued(sent, id);
            assert!(names_a_root(&new), "{new}");
            assert!(new.ends_with("-0123456789ab4def81234567"), "{new}");
        }
    }
}
