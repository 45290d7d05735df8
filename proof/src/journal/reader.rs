//! Reading a journal.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Context;
use order_core::{Fingerprint, OrderId, Timestamp};

use super::entry::{AuditQueue, Entry, Poison, VERSION};

/// An accepted order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acceptance {
    /// The idempotency key with which it was sent.
    pub(crate) key: String,
    /// The fingerprint of the order that the client sent.
    pub(crate) fingerprint: Fingerprint,
    /// When the API accepted it.
    pub(crate) accepted_at: Timestamp,
}

/// The content of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Journal {
    /// The queues that hold copies of the events.
    pub(crate) audit_queues: Vec<AuditQueue>,
    /// The accepted orders by their ids.
    pub(crate) accepted: BTreeMap<OrderId, Acceptance>,
    /// Idempotency keys for which the API answered more than one order id.
    pub(crate) keys_with_two_ids: BTreeSet<String>,
    /// The kind of each poison message, by the message's body.
    pub(crate) poison: HashMap<String, Poison>,
}

impl Journal {
    /// Reads a journal. A last line without a line break was never counted, and is ignored.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
        Self::parse(&text).with_context(|| format!("{shown} is not a journal of `load --journal`"))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut journal = Self::default();
        let mut ids_by_key: BTreeMap<String, OrderId> = BTreeMap::new();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (number, line) in (1_u64..).zip(whole.lines()) {
            let entry = serde_json::from_str(line).with_context(|| format!("line {number}"))?;
            match entry {
                Entry::Run { version, .. } if version != VERSION => {
                    anyhow::bail!(
                        "line {number}: version {version} is not known; this program reads {VERSION}"
                    )
                }
                Entry::Run { audit, .. } => journal.audit_queues.push(audit),
                Entry::Poison { poison, body } => {
                    journal.poison.insert(body, poison);
                }
                Entry::Accepted {
                    order_id,
                    key,
                    fingerprint,
                    accepted_at,
                } => {
                    let order_id: OrderId = order_id.parse().with_context(|| format!("line {number}"))?;
                    let acceptance = Acceptance {
                        key: key.clone(),
                        fingerprint: fingerprint.parse().with_context(|| format!("line {number}"))?,
                        accepted_at,
                    };
                    if *ids_by_key.entry(key.clone()).or_insert(order_id) != order_id {
                        journal.keys_with_two_ids.insert(key);
                    }
                    journal.accepted.insert(order_id, acceptance);
                }
            }
        }
        Ok(journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = r#"{"type":"run","version":2,"run":"r","started_at":"2026-11-23T09:35:00.000Z","audit":{"name":"q","subscription_arn":"a"}}"#;

    fn accepted(last_digit: char, key: &str) -> String {
        format!(
            r#"{{"type":"accepted","order_id":"0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7{last_digit}","key":"{key}","fingerprint":"v1:{}","accepted_at":"2026-11-23T09:35:00.000Z"}}"#,
            "0".repeat(64)
        )
    }

    #[test]
    fn a_truncated_last_line_is_ignored() {
        let [first, second] = [accepted('a', "k-1"), accepted('b', "k-2")];
        let text = format!(
            "{RUN}\n{first}\n{{\"type\":\"poison\",\"poison\":\"conflict\",\"body\":\"x\"}}\n{first}\n{second}"
        );
        let journal = Journal::parse(&text).unwrap();
        assert_eq!(journal.audit_queues.len(), 1);
        assert_eq!(journal.accepted.len(), 1);
        assert_eq!(
            journal.poison,
            HashMap::from([("x".to_owned(), Poison::Conflict)])
        );
        assert!(journal.keys_with_two_ids.is_empty());
    }

    #[test]
    fn a_key_with_two_ids_is_noticed() {
        let text = format!("{}\n{}\n", accepted('a', "k-1"), accepted('b', "k-1"));
        let journal = Journal::parse(&text).unwrap();
        assert_eq!(journal.keys_with_two_ids, BTreeSet::from(["k-1".to_owned()]));
    }

    #[test]
    fn an_invalid_journal_is_refused_with_the_line() {
        for text in ["x\n", "{}\n", &RUN.replace("\"version\":2", "\"version\":1")] {
            let error = Journal::parse(&format!("{RUN}\n{text}\n")).unwrap_err();
            assert!(format!("{error:#}").contains("line 2"), "{error:#}");
        }
    }
}
