//! The query parameters of `GET /books`.

use std::collections::BTreeMap;

use order_core::Violations;

use crate::cursor;
use crate::ports::Search;

/// The number of books of a page without a `limit`.
pub(crate) const DEFAULT_LIMIT: u16 = 24;
/// The most books of a page.
pub(crate) const MAX_LIMIT: u16 = 100;
/// The most characters of `q`.
pub(crate) const MAX_QUERY_CHARACTERS: usize = 100;
/// The most words of `q`. Each is a comparison with every book.
pub(crate) const MAX_WORDS: usize = 8;

const KNOWN: [&str; 3] = ["q", "limit", "cursor"];

/// Reads the parameters. The error lists every violation.
pub(crate) fn parse(parameters: &BTreeMap<&str, Vec<&str>>) -> Result<Search, Violations> {
    let mut violations = Violations::default();
    let mut once = |name: &'static str| match parameters.get(name).map(Vec::as_slice) {
        None => None,
        Some([value]) => Some(*value),
        Some(_) => {
            violations.push_parameter(name, "must be given once");
            None
        }
    };
    let [query, limit, cursor] = KNOWN.map(&mut once);
    let words = words(query.unwrap_or_default()).unwrap_or_else(|detail| {
        violations.push_parameter("q", detail);
        Vec::new()
    });
    let limit = match limit {
        None => DEFAULT_LIMIT,
        Some(text) => limit_of(text).unwrap_or_else(|| {
            violations.push_parameter("limit", format!("must be an integer from 1 to {MAX_LIMIT}"));
            DEFAULT_LIMIT
        }),
    };
    let after = cursor.and_then(|text| {
        cursor::decode(&words, text)
            .map_err(|error| violations.push_parameter("cursor", error.to_string()))
            .ok()
    });
    for name in parameters.keys().filter(|name| !KNOWN.contains(*name)) {
        let detail = format!("is not a parameter here; the parameters are {}", KNOWN.join(", "));
        violations.push_parameter(name, detail);
    }
    if violations.is_empty() {
        Ok(Search { words, limit, after })
    } else {
        Err(violations)
    }
}

fn words(query: &str) -> Result<Vec<String>, String> {
    if query.chars().count() > MAX_QUERY_CHARACTERS {
        return Err(format!("must have at most {MAX_QUERY_CHARACTERS} characters"));
    }
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    if words.len() > MAX_WORDS {
        return Err(format!("must have at most {MAX_WORDS} words"));
    }
    Ok(words)
}

/// Only digits: the standard library would also accept `+5`.
fn limit_of(text: &str) -> Option<u16> {
    let limit = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())??;
    (1..=MAX_LIMIT).contains(&limit).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(parameters: &[(&'static str, &'static str)]) -> Result<Search, String> {
        let mut query: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in parameters {
            query.entry(name).or_default().push(value);
        }
        parse(&query).map_err(|violations| violations.to_string())
    }

    #[test]
    fn a_query_is_cut_into_words() {
        let search = parsed(&[("q", "  The  LIGHTHOUSE "), ("limit", "5")]).unwrap();
        assert_eq!(
            (search.words, search.limit),
            (vec!["the".to_owned(), "lighthouse".to_owned()], 5)
        );
        assert_eq!(parsed(&[]).unwrap().limit, DEFAULT_LIMIT);
    }

    #[test]
    fn every_violation_is_listed_at_once() {
        let long: &'static str = "a".repeat(101).leak();
        let texts = [
            parsed(&[
                ("limit", "0"),
                ("cursor", "x"),
                ("page", "1"),
                ("q", "a b c d e f g h i"),
            ]),
            parsed(&[("limit", "101"), ("q", long)]),
            parsed(&[("limit", "+5"), ("q", "a"), ("q", "b")]),
        ]
        .map(Result::unwrap_err);
        insta::assert_snapshot!(texts.join("\n"), @r"
        q: must have at most 8 words; limit: must be an integer from 1 to 100; cursor: is not a cursor of this list; take next_cursor as it was given, or start without one; page: is not a parameter here; the parameters are q, limit, cursor
        q: must have at most 100 characters; limit: must be an integer from 1 to 100
        q: must be given once; limit: must be an integer from 1 to 100
        ");
    }
}
