//! `GET /console/api/live`: the status of the system, as server-sent events.
//!
//! One task reads the status for all pages. It reads when a message has passed through a queue, which a number in memory
//! tells, and otherwise on a slow timer. While no page is open it reads only when messages have passed, and at most every five
//! seconds, for the plots of the last hour. An idle system stays idle.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::history::{History, Marker, Sample, now_ms};
use crate::system::System;
use crate::{fault_control, mail};

/// How often the number of passed messages is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often the status is read while messages wait for a time to come, which no message announces.
const WAITING: Duration = Duration::from_secs(1);
/// How often the number is looked at while no page is open, for the plots.
const UNWATCHED: Duration = Duration::from_secs(5);
/// How often it is read while nothing happens.
const QUIET: Duration = Duration::from_secs(15);
/// How often it is read where nobody can tell whether something happens. SQS's counts are that slow anyway.
const UNKNOWN: Duration = Duration::from_secs(3);

/// The newest status, and who waits for it. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    system: System,
    /// The newest message to the pages: a JSON document.
    newest: watch::Sender<Arc<str>>,
    viewers: AtomicUsize,
    wake: Notify,
    started: std::sync::Once,
    history: Mutex<History>,
}

impl Live {
    pub(crate) fn new(system: System) -> Self {
        Self(Arc::new(Inner {
            system,
            newest: watch::Sender::new(Arc::from("")),
            viewers: AtomicUsize::new(0),
            wake: Notify::new(),
            started: std::sync::Once::new(),
            history: Mutex::default(),
        }))
    }

    /// Reads the status at once, since something was done.
    pub(crate) fn look_now(&self) {
        self.0.wake.notify_one();
    }

    /// Begins to watch the system, for the plots of the last hour. Without a message it reads nothing.
    pub(crate) fn start(&self) {
        let inner = Arc::clone(&self.0);
        self.0
            .started
            .call_once(|| drop(tokio::spawn(read_for_ever(inner))));
    }

    /// Whether a dead-letter queue held a message when the status was last read, or nothing was read yet.
    pub(crate) fn may_have_letters(&self) -> bool {
        let history = self.0.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.samples.back().is_none_or(|sample| {
            let is_letters = |(name, depth): &(String, u64)| name.ends_with("-dlq") && *depth > 0;
            sample.depths.iter().any(is_letters)
        })
    }

    /// The samples and markers of the last hour.
    pub(crate) fn history(&self) -> (Vec<Sample>, Vec<Marker>) {
        let history = self.0.history.lock().unwrap_or_else(PoisonError::into_inner);
        (
            history.samples.iter().cloned().collect(),
            history.markers.iter().cloned().collect(),
        )
    }

    /// Counts a page until the result is dropped. The first page starts the task that reads.
    fn enter(&self) -> Viewer {
        self.0.viewers.fetch_add(1, Ordering::Relaxed);
        self.start();
        self.0.wake.notify_one();
        Viewer(Arc::clone(&self.0))
    }
}

/// An open page.
#[derive(Debug)]
struct Viewer(Arc<Inner>);

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.viewers.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn read_for_ever(inner: Arc<Inner>) {
    let mut seen = None;
    let mut pause = Duration::ZERO;
    let mut read_at = Instant::now();
    loop {
        let is_watched = inner.viewers.load(Ordering::Relaxed) > 0;
        let tick = if is_watched { TICK } else { UNWATCHED };
        let woken = tokio::select! {
            () = tokio::time::sleep(tick) => false,
            () = inner.wake.notified() => true,
        };
        let activity = inner.system.activity();
        let is_new = activity.is_some() && activity != seen;
        let is_due = is_watched && read_at.elapsed() >= pause;
        if !woken && !is_new && !is_due {
            continue;
        }
        seen = activity;
        read_at = Instant::now();
        let (document, is_waiting) = read(&inner).await;
        pause = match (activity, is_waiting) {
            (None, _) => UNKNOWN,
            (Some(_), true) => WAITING,
            (Some(_), false) => QUIET,
        };
        inner.newest.send_replace(Arc::from(document.to_string()));
    }
}

/// Reads the status, and notes it for the plots. Returns the message to the pages, and whether messages wait for a time to
/// come.
async fn read(inner: &Inner) -> (Value, bool) {
    let system = &inner.system;
    let at = now_ms();
    let status = match system.read_status().await {
        Ok(status) => status,
        Err(failure) => return (json!({ "at": at, "error": failure.to_string() }), true),
    };
    let emails = match status["target"].as_str() {
        Some("local") => mail::newest(system).await.ok(),
        _ => None,
    };
    let injected = if status["faults_active"] == true {
        fault_control::read(system).await.ok()
    } else {
        None
    };
    let emails = emails.and_then(|emails| u64::try_from(emails).ok());
    let injected = injected.as_ref().map(|state| &state["injected"]);
    let mut history = inner.history.lock().unwrap_or_else(PoisonError::into_inner);
    history.add(at, &status, emails, injected);
    let is_waiting = status["queues"].as_array().into_iter().flatten().any(|queue| {
        let is_some = |name: &str| queue[name].as_u64().is_some_and(|count| count > 0);
        is_some("delayed") || is_some("in_flight")
    });
    (
        json!({ "at": at, "status": status, "emails": emails }),
        is_waiting,
    )
}

/// Sends the newest status, and each later one. A page that is slow misses some, and gets the newest.
pub(crate) async fn stream(State(live): State<Live>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut newest = live.0.newest.subscribe();
    let viewer = live.enter();
    // A status that was read while another page was open may be old.
    newest.mark_unchanged();
    let events = stream::unfold((newest, viewer), async |(mut newest, viewer)| {
        newest.changed().await.ok()?;
        let document = Arc::clone(&newest.borrow_and_update());
        let event = Event::default().retry(Duration::from_secs(1)).data(&*document);
        Some((Ok(event), (newest, viewer)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(10)))
}
