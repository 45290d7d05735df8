//! `GET /console/api/live`: the status of the system, as server-sent events.
//!
//! One task reads the status for all pages. It reads when a message has passed through a queue, which a number in memory
//! tells, and otherwise on a slow timer. While no page is open it reads nothing, so that an idle system stays idle.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::system::System;

/// How often the number of passed messages is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often the status is read while messages wait for a time to come, which no message announces.
const WAITING: Duration = Duration::from_secs(1);
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
}

impl Live {
    pub(crate) fn new(system: System) -> Self {
        Self(Arc::new(Inner {
            system,
            newest: watch::Sender::new(Arc::from("")),
            viewers: AtomicUsize::new(0),
            wake: Notify::new(),
            started: std::sync::Once::new(),
        }))
    }

    /// Reads the status at once, since something was done.
    pub(crate) fn look_now(&self) {
        self.0.wake.notify_one();
    }

    /// Counts a page until the result is dropped. The first page starts the task that reads.
    fn enter(&self) -> Viewer {
        self.0.viewers.fetch_add(1, Ordering::Relaxed);
        let inner = Arc::clone(&self.0);
        self.0
            .started
            .call_once(|| drop(tokio::spawn(read_for_ever(inner))));
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
        if inner.viewers.load(Ordering::Relaxed) == 0 {
            inner.wake.notified().await;
            pause = Duration::ZERO;
        }
        let woken = tokio::select! {
            () = tokio::time::sleep(TICK) => false,
            () = inner.wake.notified() => true,
        };
        let activity = inner.system.activity();
        if !woken && activity == seen && read_at.elapsed() < pause {
            continue;
        }
        seen = activity;
        read_at = Instant::now();
        let (document, is_waiting) = read(&inner.system).await;
        pause = match (activity, is_waiting) {
            (None, _) => UNKNOWN,
            (Some(_), true) => WAITING,
            (Some(_), false) => QUIET,
        };
        inner.newest.send_replace(Arc::from(document.to_string()));
    }
}

/// Reads the status. Returns the message to the pages, and whether messages wait for a time to come.
async fn read(system: &System) -> (Value, bool) {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    match system.read_status().await {
        Ok(status) => {
            let is_waiting = status["queues"].as_array().into_iter().flatten().any(|queue| {
                let is_some = |name: &str| queue[name].as_u64().is_some_and(|count| count > 0);
                is_some("delayed") || is_some("in_flight")
            });
            (json!({ "at": at, "status": status }), is_waiting)
        }
        Err(failure) => (json!({ "at": at, "error": failure.to_string() }), true),
    }
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
