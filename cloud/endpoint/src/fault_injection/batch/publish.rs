//! `PublishBatch`, in the Query protocol. Source: SNS API Reference, `PublishBatch` and `BatchResultErrorEntry`.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::http::Response;
use cloud_sns::protocol::NAMESPACE;
use cloud_wire::{Xml, query};

use super::partial::Partial;

const ACTION: &str = "PublishBatch";
const ENTRIES: &str = "PublishBatchRequestEntries.member.";
/// The start of the failures in an answer. Text is escaped, so no message can contain this.
const FAILED: &str = "<Failed>";

pub(super) fn split(body: &[u8], request_id: String, mut fails: impl FnMut() -> bool) -> Option<Partial> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let ids: BTreeMap<u32, &str> = fields
        .iter()
        .filter_map(|(name, value)| {
            let entry = entry_of(name).filter(|_| name.ends_with(".Id"))?;
            Some((entry, value.as_str()))
        })
        .collect();
    let failing: BTreeSet<u32> = ids.keys().copied().filter(|_| fails()).collect();
    if failing.is_empty() {
        return None;
    }
    let mut failures = Xml::default();
    for (_, id) in ids.iter().filter(|(entry, _)| failing.contains(entry)) {
        failures.element("member", |xml| {
            xml.text("Id", id)
                .text("Code", "InternalError")
                .text("Message", "The entry could not be processed.")
                .text("SenderFault", "false");
        });
    }
    let rest = (failing.len() < ids.len()).then(|| {
        let left = fields
            .iter()
            .filter(|(name, _)| entry_of(name).is_none_or(|entry| !failing.contains(&entry)));
        Bytes::from(
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(left)
                .finish(),
        )
    });
    Some(Partial {
        failed: failing.len(),
        rest,
        join: Box::new(move |answer| match answer {
            None => all(&failures, &request_id),
            Some(answer) => add(answer, failures),
        }),
    })
}

/// Returns the number of the entry that a field belongs to.
fn entry_of(name: &str) -> Option<u32> {
    name.strip_prefix(ENTRIES)?.split('.').next()?.parse().ok()
}

/// Builds the answer to a call in which every entry failed.
fn all(failures: &Xml, request_id: &str) -> Response<Bytes> {
    let mut result = Xml::default();
    result.element("Successful", |_| {});
    result.element("Failed", |xml| {
        xml.append(failures);
    });
    query::success(NAMESPACE, ACTION, &result, request_id)
}

/// Adds the failures to an answer. An error answer has no list of failures, so it does not change.
fn add(answer: Response<Bytes>, failures: Xml) -> Response<Bytes> {
    let failures = failures.into_string();
    answer.map(|body| {
        let text = String::from_utf8_lossy(&body);
        Bytes::from(text.replacen(FAILED, &format!("{FAILED}{failures}"), 1))
    })
}
