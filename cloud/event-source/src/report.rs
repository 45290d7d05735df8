//! Reads a function's answer to a batch, by the exact rules of `ReportBatchItemFailures`.
//!
//! Source: the Lambda Developer Guide, "Implementing partial batch responses", success and failure conditions.

use std::collections::BTreeSet;

use serde_json::Value;

/// The messages of a batch that are done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All messages.
    Done,
    /// All messages except these.
    AllBut(BTreeSet<String>),
    /// No message, because the answer is not valid. Holds the reason.
    Failed(&'static str),
}

/// Reads the answer to a batch of the messages `ids`.
///
/// An empty or null answer means that all messages are done, and so does an empty or null list. An answer
/// that is not valid means that all messages failed.
pub(crate) fn parse_answer(answer: &[u8], ids: &BTreeSet<&str>) -> Verdict {
    if answer.trim_ascii().is_empty() {
        return Verdict::Done;
    }
    let answer: Value = match serde_json::from_slice(answer) {
        Ok(answer) => answer,
        Err(_) => return Verdict::Failed("the answer is not JSON"),
    };
    let failures = match &answer {
        Value::Null => return Verdict::Done,
        Value::Object(answer) => match answer.get("batchItemFailures") {
            None | Some(Value::Null) => return Verdict::Done,
            Some(Value::Array(failures)) => failures,
            Some(_) => return Verdict::Failed("batchItemFailures is not a list"),
        },
        _ => return Verdict::Failed("the answer is not an object"),
    };
    let mut failed = BTreeSet::new();
    for failure in failures {
        match failure.get("itemIdentifier").and_then(Value::as_str) {
            None => return Verdict::Failed("an element has no itemIdentifier"),
            Some("") => return Verdict::Failed("an itemIdentifier is empty"),
            Some(id) if !ids.contains(id) => return Verdict::Failed("an itemIdentifier is not of the batch"),
            Some(id) => failed.insert(id.to_owned()),
        };
    }
    if failed.is_empty() {
        Verdict::Done
    } else {
        Verdict::AllBut(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_answer(answer: &str) -> Verdict {
        super::parse_answer(answer.as_bytes(), &BTreeSet::from(["a", "b", "c"]))
    }

    #[test]
    fn an_empty_list_is_success() {
        assert_eq!(parse_answer(r#"{"batchItemFailures":[]}"#), Verdict::Done);
    }

    #[test]
    fn a_null_list_is_success() {
        assert_eq!(parse_answer(r#"{"batchItemFailures":null}"#), Verdict::Done);
    }

    #[test]
    fn an_empty_answer_is_success() {
        assert_eq!(parse_answer("{}"), Verdict::Done);
        assert_eq!(parse_answer(""), Verdict::Done);
    }

    #[test]
    fn a_null_answer_is_success() {
        assert_eq!(parse_answer("null"), Verdict::Done);
    }

    #[test]
    fn listed_messages_failed_and_the_others_are_done() {
        assert_eq!(
            parse_answer(
                r#"{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#
            ),
            Verdict::AllBut(BTreeSet::from(["a".to_owned(), "c".to_owned()]))
        );
    }

    #[test]
    fn an_empty_identifier_fails_all() {
        assert_eq!(
            parse_answer(r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":""}]}"#),
            Verdict::Failed("an itemIdentifier is empty")
        );
    }

    #[test]
    fn a_null_identifier_fails_all() {
        assert_eq!(
            parse_answer(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#),
            Verdict::Failed("an element has no itemIdentifier")
        );
    }

    #[test]
    fn a_wrong_key_fails_all() {
        assert_eq!(
            parse_answer(r#"{"batchItemFailures":[{"messageId":"a"}]}"#),
            Verdict::Failed("an element has no itemIdentifier")
        );
    }

    #[test]
    fn an_unknown_identifier_fails_all() {
        assert_eq!(
            parse_answer(r#"{"batchItemFailures":[{"itemIdentifier":"z"}]}"#),
            Verdict::Failed("an itemIdentifier is not of the batch")
        );
    }

    /// Lambda reads `batchItemFailures` by its exact name, so an answer with another key holds no failure.
    #[test]
    fn another_key_is_success() {
        for answer in [
            r#"{"BatchItemFailures":[{"itemIdentifier":"a"}]}"#,
            r#"{"batch_item_failures":[{"itemIdentifier":"a"}]}"#,
        ] {
            assert_eq!(parse_answer(answer), Verdict::Done, "{answer}");
        }
    }

    #[test]
    fn an_element_that_is_no_object_fails_all() {
        for answer in [
            r#"{"batchItemFailures":[null]}"#,
            r#"{"batchItemFailures":["a"]}"#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"ItemIdentifier":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":1}]}"#,
        ] {
            let expected = Verdict::Failed("an element has no itemIdentifier");
            assert_eq!(parse_answer(answer), expected, "{answer}");
        }
    }

    #[test]
    fn every_identifier_of_the_batch_fails_each_on_its_own() {
        let all = ["a", "b", "c"]
            .map(|id| format!(r#"{{"itemIdentifier":"{id}"}}"#))
            .join(",");
        let expected = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            parse_answer(&format!(r#"{{"batchItemFailures":[{all}]}}"#)),
            Verdict::AllBut(BTreeSet::from(expected))
        );
    }

    #[test]
    fn malformed_json_fails_all() {
        assert_eq!(
            parse_answer(r#"{"batchItemFailures":["#),
            Verdict::Failed("the answer is not JSON")
        );
    }

    #[test]
    fn a_wrong_shape_fails_all() {
        assert_eq!(
            parse_answer(r#""done""#),
            Verdict::Failed("the answer is not an object")
        );
        assert_eq!(parse_answer("[]"), Verdict::Failed("the answer is not an object"));
        assert_eq!(
            parse_answer(r#"{"batchItemFailures":{}}"#),
            Verdict::Failed("batchItemFailures is not a list")
        );
    }
}
