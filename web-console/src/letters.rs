//! `/console/api/letters`: dead letters, by the commands of `orderctl dlq` in a process of their own.
//!
//! A command brings all that it has for people on a terminal: it checks an edited body, predicts what becomes of a letter,
//! writes the audit log, and gives the letters back that it held, also if this process dies. One runs at a time, because a
//! command hides letters from the others while it reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::command::{self, Outcome};
use crate::failure::Failure;
use crate::live::Live;
use crate::system::System;

/// The letters of one page.
const PAGE: usize = 100;
/// The most letters that one request names by their ids.
const MAX_IDS: usize = 500;
/// The lines of the audit log that are shown.
const AUDIT_LINES: usize = 50;

/// The letters that were read last. Its lock is held while a command runs. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Letters(Arc<Mutex<Option<Known>>>);

/// The letters, newest first, and when they were read.
#[derive(Clone, Debug)]
struct Known {
    letters: Arc<Vec<ListedLetter>>,
    read_at: Instant,
}

/// A line of `dlq list --json`, without its body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ListedLetter {
    message_id: String,
    order_id: Option<String>,
    queue: String,
    reason: String,
    detail: Option<String>,
    failed_at: Option<String>,
    receive_count: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Search {
    queue: String,
    reason: String,
    page: usize,
    /// Read the queues again.
    again: bool,
}

/// Answers `{"groups", "letters", "page", "pages", "total", "all", "age_ms"}`, newest first. `groups` has the number of letters by
/// queue and reason, and `age_ms` is the time since the queues were read.
pub(crate) async fn list(
    State(system): State<System>,
    State(known): State<Letters>,
    Query(search): Query<Search>,
) -> Result<Json<Value>, Failure> {
    let Known { letters, read_at } = known.read(&system, search.again).await?;
    let mut groups: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for letter in letters.iter() {
        *groups.entry((&letter.queue, &letter.reason)).or_default() += 1;
    }
    let groups: Vec<Value> = groups
        .iter()
        .map(|((queue, reason), count)| json!({ "queue": queue, "reason": reason, "count": count }))
        .collect();
    let is_given = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
    let matching: Vec<&ListedLetter> = letters
        .iter()
        .filter(|letter| is_given(&search.queue, &letter.queue) && is_given(&search.reason, &letter.reason))
        .collect();
    let pages = matching.len().div_ceil(PAGE).max(1);
    let page = search.page.min(pages - 1);
    let shown: Vec<&ListedLetter> = matching.iter().skip(page * PAGE).take(PAGE).copied().collect();
    Ok(Json(json!({
        "groups": groups,
        "letters": shown,
        "page": page,
        "pages": pages,
        "total": matching.len(),
        "all": letters.len(),
        "age_ms": u64::try_from(read_at.elapsed().as_millis()).unwrap_or(u64::MAX),
    })))
}

impl Letters {
    /// The document of `dlq show` for a message id or an order id, or `None` if there is no such letter.
    pub(crate) async fn show(
        &self,
        system: &System,
        id: &str,
        reveal: bool,
    ) -> Result<Option<Value>, Failure> {
        let _one_at_a_time = self.0.lock().await;
        let mut arguments = vec!["dlq", "show", id, "--json"];
        arguments.extend(reveal.then_some("--reveal"));
        let outcome = command::run(system, &arguments, None).await?;
        Ok(outcome.lines.into_iter().next())
    }

    async fn read(&self, system: &System, again: bool) -> Result<Known, Failure> {
        let mut known = self.0.lock().await;
        if let (Some(letters), false) = (&*known, again) {
            return Ok(letters.clone());
        }
        let outcome = command::run(system, &["dlq", "list", "--json"], None).await?;
        if !outcome.is_done {
            return Err(Failure::new(StatusCode::BAD_GATEWAY, outcome.notes));
        }
        let letters = outcome.lines.into_iter().map(serde_json::from_value);
        let mut letters: Vec<ListedLetter> = letters
            .collect::<Result<_, _>>()
            .context("the list of dead letters cannot be read")?;
        letters.sort_by(|one, other| other.failed_at.cmp(&one.failed_at));
        let read = Known {
            letters: Arc::new(letters),
            read_at: Instant::now(),
        };
        *known = Some(read.clone());
        Ok(read)
    }
}

/// Answers with the document of `dlq show`: the reason, the body without personal data, and what a replay would do.
pub(crate) async fn show_one(
    State(system): State<System>,
    State(letters): State<Letters>,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Failure> {
    let letter = letters.show(&system, &id.to_string(), false).await?;
    letter.map(Json).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "This letter is not in a dead-letter queue any more.",
        )
    })
}

/// Which letters are replayed, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    /// The letters by their message ids, or none for all of a reason or a queue.
    #[serde(default)]
    ids: Vec<Uuid>,
    reason: Option<String>,
    queue: Option<String>,
    /// Only say what would become of them.
    #[serde(default)]
    dry_run: bool,
    /// The repaired body of the only letter.
    body: Option<String>,
}

/// Runs `dlq replay`. Answers `{"done", "lines", "notes"}`: its exit code, its JSON lines, and what it said on standard error.
pub(crate) async fn replay(
    State(system): State<System>,
    State(live): State<Live>,
    State(letters): State<Letters>,
    Json(replay): Json<Replay>,
) -> Result<Json<Value>, Failure> {
    if replay.ids.len() > MAX_IDS {
        return Err(Failure::bad_request(format!(
            "At most {MAX_IDS} letters can be named. Replay all of a reason."
        )));
    }
    if replay.body.is_some() && replay.ids.len() != 1 {
        return Err(Failure::bad_request("A repaired body belongs to one letter."));
    }
    // An option could hide in a text that begins with a dash.
    let options = [("--reason", &replay.reason), ("--queue", &replay.queue)];
    let ids: Vec<String> = replay.ids.iter().map(Uuid::to_string).collect();
    let mut arguments = vec![
        "dlq".to_owned(),
        "replay".to_owned(),
        "--json".to_owned(),
        "--yes".to_owned(),
    ];
    arguments.extend(replay.dry_run.then(|| "--dry-run".to_owned()));
    arguments.extend(replay.body.is_some().then(|| "--edit".to_owned()));
    for (name, value) in options {
        arguments.extend(value.as_ref().map(|value| format!("{name}={value}")));
    }
    if ids.is_empty() {
        arguments.push("--all".to_owned());
    }
    arguments.extend(ids);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = {
        let mut known = letters.0.lock().await;
        if !replay.dry_run {
            *known = None;
        }
        command::run(&system, &arguments, replay.body.as_deref()).await?
    };
    live.look_now();
    let Outcome {
        is_done,
        lines,
        notes,
    } = outcome;
    Ok(Json(json!({ "done": is_done, "lines": lines, "notes": notes })))
}

/// Answers `{"lines": [...]}` with the newest lines of the audit log, newest first.
pub(crate) async fn audit(State(system): State<System>) -> Result<Json<Value>, Failure> {
    let lines = dead_letters::read_audit_log(system.connection()?, AUDIT_LINES)?;
    Ok(Json(json!({ "lines": lines })))
}
