//! The query parameters of `GET /books`.

use order_core::Violations;
use rest_function::parameters::{Parameters, limit as limit_or_default, once, refuse_unknown};

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
pub(crate) fn parse(parameters: &Parameters<'_>) -> Result<Search, Violations> {
    let mut violations = Violations::default();
    let [query, limit, cursor] = once(parameters, KNOWN, &mut violations);
    let words = words(query.unwrap_or_default()).unwrap_or_else(|detail| {
        violations.push_parameter("q", detail);
        Vec::new()
    });
    let limit = limit_or_default(limit, DEFAULT_LIMIT, MAX_LIMIT, &mut violations);
    let after = cursor.and_then(|text| {
        cursor::decode(&words, text)
            .map_err(|error| violations.push_parameter("cursor", error.to_string()))
            .ok()
    });
    refuse_unknown(parameters, &KNOWN, &mut violations);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(parameters: &[(&'static str, &'static str)]) -> Result<Search, String> {
        let mut query = Parameters::new();
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
