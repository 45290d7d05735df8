//! How an event source mapping reads a function's answer (`ReportBatchItemFailures`).
//!
//! Source: AWS, "Handling errors for an SQS event source in Lambda".

use std::collections::BTreeSet;

use serde_json::Value;

/// Which messages of a batch are to be deleted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading<'a> {
    /// All but these, of which there may be none.
    AllBut(BTreeSet<&'a str>),
    /// None, because the answer is not valid.
    Invalid,
}

/// Reads the answer to a batch of these message ids.
pub(crate) fn read<'a>(answer: &'a Value, ids: &BTreeSet<&str>) -> Reading<'a> {
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Reading::AllBut(BTreeSet::new()),
        Some(Value::Array(failures)) => failures,
        Some(_) => return Reading::Invalid,
    };
    failures
        .iter()
        .map(|failure| {
            failure
                .get("itemIdentifier")
                .and_then(Value::as_str)
                .filter(|id| ids.contains(id))
        })
        .collect::<Option<BTreeSet<&str>>>()
        .map_or(Reading::Invalid, Reading::AllBut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn aws_reads_it_so() {
        let ids = BTreeSet::from(["a", "b"]);
        for done in [
            json!(null),
            json!({}),
            json!({"batchItemFailures": null}),
            json!({"batchItemFailures": []}),
        ] {
            assert_eq!(read(&done, &ids), Reading::AllBut(BTreeSet::new()), "{done}");
        }
        let one = json!({"batchItemFailures": [{"itemIdentifier": "b"}]});
        assert_eq!(read(&one, &ids), Reading::AllBut(BTreeSet::from(["b"])));
        for invalid in [
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{"itemIdentifier": "c"}]}),
            json!({"batchItemFailures": [{"item": "a"}]}),
            json!({"batchItemFailures": "a"}),
        ] {
            assert_eq!(read(&invalid, &ids), Reading::Invalid, "{invalid}");
        }
    }
}
