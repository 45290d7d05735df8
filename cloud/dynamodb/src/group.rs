//! Calls that share a transaction. They are answered after its commit.

use cloud_billing::dynamodb::Capacity;
use dynoxide::errors::DynoxideError;
use tokio::sync::oneshot;

use crate::items::{Items, Joined};
use crate::operation::{Outcome, Performed};
use crate::source::Tables;

/// A call about items, which can share a transaction. It may run twice, the first time without an effect.
pub(crate) struct Call {
    pub(crate) access: Access,
    pub(crate) work: Box<dyn FnMut(&Tables) -> Performed + Send>,
    pub(crate) answer: oneshot::Sender<Performed>,
}

/// Whether a call changes items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The calls whose changes are not committed yet, and those that may have read such changes.
#[derive(Default)]
pub(crate) struct Group(Vec<Answer>);

struct Answer {
    performed: Performed,
    caller: oneshot::Sender<Performed>,
}

impl Group {
    /// Performs a call: a write within the transaction, and a read as it is.
    pub(crate) fn perform(&mut self, tables: &Tables, mut call: Call) {
        let items = &tables.items;
        if call.access == Access::Read {
            let performed = (call.work)(tables);
            self.add(performed, call.answer);
            if !items.is_open() {
                self.answer();
            }
            return;
        }
        match join(tables, &mut call) {
            Ok(Joined::Done(performed)) => self.add(performed, call.answer),
            Ok(Joined::RunAlone) => {
                self.commit(items);
                let performed = (call.work)(tables);
                self.add(performed, call.answer);
                self.answer();
            }
            Ok(Joined::Ended(performed)) => {
                self.fail("another call of the same transaction failed");
                self.add(performed, call.answer);
                self.answer();
            }
            Err(error) => {
                self.add(failed(&error.to_string()), call.answer);
                self.commit(items);
            }
        }
    }

    /// Commits the transaction, if there is one, and answers the callers.
    pub(crate) fn commit(&mut self, items: &Items) {
        if items.is_open()
            && let Err(error) = items.commit()
        {
            self.fail(&error.to_string());
        }
        self.answer();
    }

    fn add(&mut self, performed: Performed, caller: oneshot::Sender<Performed>) {
        self.0.push(Answer { performed, caller });
    }

    /// Nothing of the calls is stored.
    fn fail(&mut self, reason: &str) {
        for answer in &mut self.0 {
            answer.performed = failed(reason);
        }
    }

    fn answer(&mut self) {
        for Answer { performed, caller } in self.0.drain(..) {
            // Nobody listens if the caller has gone.
            let _unheard = caller.send(performed);
        }
    }
}

/// Lets a call join the transaction, which it begins if there is none.
fn join(tables: &Tables, call: &mut Call) -> rusqlite::Result<Joined<Performed>> {
    if !tables.items.is_open() {
        tables.items.begin()?;
    }
    tables.items.join(|| (call.work)(tables))
}

fn failed(reason: &str) -> Performed {
    let error = DynoxideError::InternalServerError(reason.to_owned());
    (Outcome::Failed(error), Capacity::default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cloud_store::{Durability, Location};
    use serde_json::{Value, json};

    use super::*;
    use crate::operation::{effect, perform};
    use crate::source::open_at;

    /// A table `rows` with the key `id`, and a counter of commits.
    fn tables() -> (Tables, Arc<AtomicUsize>) {
        let mut tables = open_at(&Location::Memory, Durability::Process).unwrap()().unwrap();
        let request = json!({
            "TableName": "rows",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        });
        let created = tables
            .database
            .create_table(serde_json::from_value(request).unwrap());
        created.unwrap();
        tables.changed().unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = commits.clone();
        tables.items.storage().conn().commit_hook(Some(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            false
        }));
        (tables, commits)
    }

    /// Performs calls as one group, and returns their answers.
    fn performed(tables: &Tables, calls: &[(&'static str, Value)]) -> Vec<Result<Value, String>> {
        let mut group = Group::default();
        let mut answers = Vec::new();
        for (operation, request) in calls {
            let (operation, body) = (*operation, request.to_string());
            let (answer, answered) = oneshot::channel();
            answers.push(answered);
            let access = match effect(operation) {
                crate::operation::Effect::ReadsItems => Access::Read,
                _ => Access::Write,
            };
            let work = Box::new(move |tables: &Tables| perform(tables, operation, &body));
            group.perform(tables, Call { access, work, answer });
        }
        group.commit(&tables.items);
        let outcome = |mut answered: oneshot::Receiver<Performed>| match answered.try_recv().unwrap().0 {
            Outcome::Done(answer, _) => Ok(serde_json::from_str(&answer).unwrap()),
            other => Err(format!("{other:?}")),
        };
        answers.into_iter().map(outcome).collect()
    }

    fn put(id: &str) -> (&'static str, Value) {
        let request = json!({"TableName": "rows", "Item": {"id": {"S": id}}, "ConditionExpression": "attribute_not_exists(id)"});
        ("PutItem", request)
    }

    fn insert(ids: &[&str]) -> (&'static str, Value) {
        let statement =
            |id| json!({"Statement": "INSERT INTO rows VALUE {'id': ?}", "Parameters": [{"S": id}]});
        let statements: Vec<_> = ids.iter().map(statement).collect();
        ("BatchExecuteStatement", json!({"Statements": statements}))
    }

    fn ids(tables: &Tables) -> Vec<String> {
        let answers = performed(tables, &[("Scan", json!({"TableName": "rows"}))]);
        let items = answers[0].as_ref().unwrap()["Items"].as_array().unwrap().clone();
        let mut ids: Vec<_> = items
            .iter()
            .map(|item| item["id"]["S"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    }

    #[test]
    fn calls_of_a_group_share_a_commit_and_each_has_its_own_answer() {
        let (tables, commits) = tables();
        let get = ("GetItem", json!({"TableName": "rows", "Key": {"id": {"S": "a"}}}));
        let answers = performed(&tables, &[put("a"), insert(&["b", "c"]), put("a"), get, put("d")]);
        assert_eq!(commits.load(Ordering::SeqCst), 1);
        assert!(
            answers[2]
                .as_ref()
                .unwrap_err()
                .contains("ConditionalCheckFailed"),
            "{answers:?}"
        );
        assert_eq!(answers[3].as_ref().unwrap()["Item"]["id"]["S"], "a");
        assert_eq!(ids(&tables), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_batch_with_a_failed_statement_keeps_the_others_wherever_it_stands_in_the_group() {
        for before in [vec![], vec![put("x")]] {
            let (tables, _) = tables();
            performed(&tables, &[put("b")]);
            let mut calls = before;
            calls.extend([insert(&["a", "b", "c"]), put("d")]);
            let answers = performed(&tables, &calls);
            let batch = answers[answers.len() - 2].as_ref().unwrap();
            let codes: Vec<_> = batch["Responses"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["Error"]["Code"].as_str())
                .collect();
            assert_eq!(codes, [None, Some("DuplicateItem"), None]);
            let rest: Vec<_> = ids(&tables).into_iter().filter(|id| id != "x").collect();
            assert_eq!(rest, ["a", "b", "c", "d"]);
            assert_eq!(ids(&tables).len(), 2 + calls.len());
        }
    }

    #[test]
    fn if_the_commit_fails_no_call_of_the_group_is_done() {
        let (tables, _) = tables();
        tables.items.storage().conn().commit_hook(Some(|| true));
        let answers = performed(&tables, &[put("a"), put("b")]);
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_ref().is_err_and(|error| error.contains("Internal"))),
            "{answers:?}"
        );
        tables.items.storage().conn().commit_hook(None::<fn() -> bool>);
        assert_eq!(ids(&tables), Vec::<String>::new());
        performed(&tables, &[put("c")]);
        assert_eq!(ids(&tables), ["c"]);
    }

    #[test]
    fn if_the_disk_is_full_no_call_of_the_transaction_is_done() {
        let (tables, _) = tables();
        let connection = tables.items.storage().conn();
        let pages: i64 = connection
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        connection.pragma_update(None, "max_page_count", pages).unwrap();
        let large = (
            "PutItem",
            json!({"TableName": "rows", "Item": {"id": {"S": "large"}, "text": {"S": "x".repeat(20_000)}}}),
        );
        let answers = performed(&tables, &[put("a"), large, put("b")]);
        assert_eq!(
            answers.iter().map(Result::is_ok).collect::<Vec<_>>(),
            [false, false, true],
            "{answers:?}"
        );
        assert_eq!(ids(&tables), ["b"]);
    }
}
