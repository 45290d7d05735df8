//! How an event source mapping reads a function's response (`ReportBatchItemFailures`).
//!
//! Source: AWS, "Handling errors for an SQS event source in Lambda".

use std::collections::BTreeSet;

use serde_json::Value;

/// A function's response to a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BatchResponse<'a> {
    /// The messages with these ids failed; the mapping deletes all others.
    Failed(BTreeSet<&'a str>),
    /// The response is not valid, and the mapping deletes nothing.
    Invalid,
}

/// Parses the response to a batch that has messages with these ids.
pub(super) fn parse_response<'a>(response: &'a Value, ids: &BTreeSet<&str>) -> BatchResponse<'a> {
    let failures = match response.get("batchItemFailures") {
        None | Some(Value::Null) => return BatchResponse::Failed(BTreeSet::new()),
        Some(Value::Array(failures)) => failures,
        Some(_) => return BatchResponse::Invalid,
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
        .map_or(BatchResponse::Invalid, BatchResponse::Failed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_response_is_read_as_by_aws() {
        let ids = BTreeSet::from(["a", "b"]);
        for done in [
            json!(null),
            json!({}),
            json!({"batchItemFailures": null}),
            json!({"batchItemFailures": []}),
        ] {
            assert_eq!(
                parse_response(&done, &ids),
                BatchResponse::Failed(BTreeSet::new()),
                "{done}"
            );
        }
        let one = json!({"batchItemFailures": [{"itemIdentifier": "b"}]});
        assert_eq!(
            parse_response(&one, &ids),
            BatchResponse::Failed(BTreeSet::from(["b"]))
        );
        for invalid in [
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{"itemIdentifier": "c"}]}),
            json!({"batchItemFailures": [{"item": "a"}]}),
            json!({"batchItemFailures": "a"}),
        ] {
            assert_eq!(
                parse_response(&invalid, &ids),
                BatchResponse::Invalid,
                "{invalid}"
            );
        }
    }
}
