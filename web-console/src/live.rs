//! `GET /console/api/live`: the status of the system, as server-sent events.
//!
//! One task reads the status for all pages. It reads when something has happened, which a number in memory announces, and
//! otherwise on a slow timer. While no page is open it reads only when something has happened, and at most every five
//! seconds, for the plots of the last hour. An idle system stays idle.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::history::{History, Marker, Sample, now_ms};
use crate::system::System;
use crate::{fault_control, mail};

/// How often things are done.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// The shortest time between two reads because something happened.
    shortest: Duration,
    /// The same while no page is open, for the plots.
    unwatched: Duration,
    /// How often the status is read while messages wait for a time to come, which nothing announces.
    waiting: Duration,
    /// How often it is read while queues hold messages, or alarms may change by themselves.
    unsettled: Duration,
    /// How often it is read while nothing happens, and nothing is left of what happened.
    idle: Duration,
    /// How often it is read where nobody can tell whether something happens. SQS's counts are that slow anyway.
    unknown: Duration,
    /// How long alarms may change by themselves after something happened. No alarm of the template evaluates a longer time.
    alarms_settle: Duration,
    /// How often a page gets the newest status again. It takes the connection for lost after 90 seconds of silence.
    repeat: Duration,
}

const TIMES: Times = Times {
    shortest: Duration::from_millis(250),
    unwatched: Duration::from_secs(5),
    waiting: Duration::from_secs(1),
    unsettled: Duration::from_secs(15),
    idle: Duration::from_mins(15),
    unknown: Duration::from_secs(3),
    alarms_settle: Duration::from_mins(20),
    repeat: Duration::from_mins(1),
};

impl Times {
    /// The time until the next read, if nothing announces one. `unchanged` is the time since something happened, if anything did.
    fn pause(&self, is_announced: bool, calm: Calm, unchanged: Option<Duration>) -> Duration {
        let may_ring = unchanged.is_some_and(|unchanged| unchanged < self.alarms_settle);
        match calm {
            _ if !is_announced => self.unknown,
            Calm::Waiting => self.waiting,
            Calm::Idle if !may_ring => self.idle,
            Calm::Idle | Calm::Unsettled => self.unsettled,
        }
    }
}

/// The newest status, and who waits for it. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    system: System,
    times: Times,
    /// The newest message to the pages: a JSON document.
    newest: watch::Sender<Arc<str>>,
    viewers: AtomicUsize,
    wake: Notify,
    started: std::sync::Once,
    history: Mutex<History>,
}

impl Live {
    pub(crate) fn new(system: System) -> Self {
        Self::with_times(system, TIMES)
    }

    fn with_times(system: System, times: Times) -> Self {
        Self(Arc::new(Inner {
            system,
            times,
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

/// Why the task goes on.
enum Cause {
    /// Something was done on a page, a page was opened, or the timer is due.
    Due,
    /// Something happened.
    Change,
    /// The pages heard nothing for a while.
    Silence,
}

async fn read_for_ever(inner: Arc<Inner>) {
    let (system, times) = (&inner.system, &inner.times);
    let mut seen = system.activity();
    let mut newest = json!({});
    let mut pause = Duration::ZERO;
    let (mut read_at, mut sent_at, mut changed_at) = (Instant::now(), Instant::now(), None);
    loop {
        let is_watched = inner.viewers.load(Ordering::Relaxed) > 0;
        let cause = tokio::select! {
            () = inner.wake.notified() => Cause::Due,
            () = system.changed(seen) => Cause::Change,
            () = sleep_until(read_at + pause), if is_watched => Cause::Due,
            () = sleep_until(sent_at + times.repeat), if is_watched => Cause::Silence,
        };
        sent_at = Instant::now();
        match cause {
            Cause::Silence => {
                newest["at"] = json!(now_ms());
                inner.newest.send_replace(Arc::from(newest.to_string()));
                continue;
            }
            Cause::Change => {
                inner.hold(now_ms());
                // Things that happen at about the same time are read together.
                let shortest = if is_watched {
                    times.shortest
                } else {
                    times.unwatched
                };
                tokio::select! {
                    () = inner.wake.notified() => {}
                    () = sleep_until(read_at + shortest) => {}
                }
            }
            Cause::Due => {}
        }
        let activity = system.activity();
        if activity != seen {
            changed_at = Some(Instant::now());
        }
        seen = activity;
        read_at = Instant::now();
        let calm;
        (newest, calm) = read(&inner).await;
        let unchanged = changed_at.map(|at: Instant| at.elapsed());
        pause = times.pause(activity.is_some(), calm, unchanged);
        inner.newest.send_replace(Arc::from(newest.to_string()));
    }
}

/// How likely a status changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calm {
    /// Messages wait for a time to come.
    Waiting,
    /// A queue holds messages, or an alarm rings.
    Unsettled,
    /// Nothing is left to change.
    Idle,
}

impl Calm {
    fn of(status: &Value) -> Self {
        let queues = || status["queues"].as_array().into_iter().flatten();
        let alarms = || status["alarms"].as_array().into_iter().flatten();
        let holds = |queue: &Value, name: &str| queue[name].as_u64().is_some_and(|count| count > 0);
        if queues().any(|queue| holds(queue, "delayed") || holds(queue, "in_flight")) {
            Self::Waiting
        } else if queues().any(|queue| holds(queue, "visible"))
            || alarms().any(|alarm| alarm["state"] == "ALARM")
        {
            Self::Unsettled
        } else {
            Self::Idle
        }
    }
}

impl Inner {
    /// Notes for the plots that nothing happened until now.
    fn hold(&self, now: u64) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.hold(now);
    }
}

/// Reads the status, and notes it for the plots. Returns the message to the pages, and how calm the system is.
async fn read(inner: &Inner) -> (Value, Calm) {
    let system = &inner.system;
    let at = now_ms();
    let status = match system.read_status().await {
        Ok(status) => status,
        Err(failure) => return (json!({ "at": at, "error": failure.to_string() }), Calm::Waiting),
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
    let calm = Calm::of(&status);
    (json!({ "at": at, "status": status, "emails": emails }), calm)
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
    Sse::new(events)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;

    use stack_client::Connection;

    use super::*;
    use crate::system::ReadingStatus;

    thread_local! {
        /// The reads of the test that runs on this thread.
        static READS: Cell<usize> = const { Cell::new(0) };
    }

    fn read_status(_: Arc<Connection>) -> ReadingStatus {
        READS.set(READS.get() + 1);
        Box::pin(async { Ok(json!({ "target": "fake", "queues": [], "alarms": [] })) })
    }

    /// A console whose page is open, and the number that says whether something happened.
    fn watched(repeat: Duration) -> (Live, Viewer, watch::Sender<u64>) {
        let (activity, watching) = watch::channel(0);
        let system = System::new(read_status, None);
        system.connect(
            Arc::new(Connection::local(PathBuf::from("unused"))),
            Some(watching),
        );
        let live = Live::with_times(system, Times { repeat, ..TIMES });
        let viewer = live.enter();
        (live, viewer, activity)
    }

    #[tokio::test]
    async fn what_happens_is_read_without_a_timer_and_together() {
        let (live, _viewer, activity) = watched(TIMES.repeat);
        let mut newest = live.0.newest.subscribe();
        newest.changed().await.unwrap();
        assert_eq!(READS.get(), 1);
        for _ in 0..1000 {
            activity.send_modify(|number| *number += 1);
        }
        newest.changed().await.unwrap();
        assert_eq!(READS.get(), 2);
        // An act on a page needs no change.
        live.look_now();
        newest.changed().await.unwrap();
        assert_eq!(READS.get(), 3);
    }

    #[tokio::test]
    async fn a_page_of_an_idle_system_gets_the_newest_status_again_without_a_read() {
        let (live, _viewer, _activity) = watched(Duration::from_millis(1));
        let mut newest = live.0.newest.subscribe();
        let mut times = Vec::new();
        for _ in 0..4 {
            newest.changed().await.unwrap();
            let document: Value = serde_json::from_str(&newest.borrow_and_update()).unwrap();
            assert_eq!(document["status"]["target"], "fake");
            times.push(document["at"].as_u64());
        }
        assert!(times.is_sorted() && times[0] < times[3], "{times:?}");
        assert_eq!(READS.get(), 1);
    }

    #[test]
    fn the_next_read_is_as_late_as_what_is_known_allows() {
        let pause = |is_announced, calm, unchanged| TIMES.pause(is_announced, calm, unchanged);
        let minutes = |minutes| Some(Duration::from_mins(minutes));
        assert_eq!(pause(false, Calm::Idle, None), TIMES.unknown);
        assert_eq!(pause(true, Calm::Waiting, minutes(60)), TIMES.waiting);
        assert_eq!(pause(true, Calm::Unsettled, minutes(60)), TIMES.unsettled);
        assert_eq!(pause(true, Calm::Idle, minutes(19)), TIMES.unsettled);
        assert_eq!(pause(true, Calm::Idle, minutes(20)), TIMES.idle);
        assert_eq!(pause(true, Calm::Idle, None), TIMES.idle);
    }

    #[test]
    fn a_status_is_calm_when_nothing_of_it_can_change_by_itself() {
        let status = |queue: Value, alarm: &str| json!({ "queues": [queue], "alarms": [{ "state": alarm }] });
        assert_eq!(Calm::of(&status(json!({ "visible": 0 }), "OK")), Calm::Idle);
        assert_eq!(Calm::of(&status(json!({ "visible": 1 }), "OK")), Calm::Unsettled);
        assert_eq!(
            Calm::of(&status(json!({ "visible": 0 }), "ALARM")),
            Calm::Unsettled
        );
        assert_eq!(
            Calm::of(&status(json!({ "visible": 1, "delayed": 1 }), "OK")),
            Calm::Waiting
        );
    }
}
