//! Passes one invocation at a time to a process, and its answer back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};
use uuid::Uuid;

use crate::invocation::{Answer, Invocation};

/// Connects the function, which puts invocations in, and the runtime, which takes and answers them.
#[derive(Debug)]
pub(crate) struct InvocationSlot {
    state: Mutex<State>,
    arrived: Notify,
    initialized: watch::Sender<Initialization>,
}

/// The result of a process's initialization.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The process asked for work.
    Ready,
    /// The process reported with this body that it cannot start.
    Failed(Bytes),
}

type Initialization = Option<Event>;

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Waiting(Invocation),
    Working {
        request_id: Uuid,
        answer: oneshot::Sender<Answer>,
    },
}

impl Default for InvocationSlot {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            arrived: Notify::new(),
            initialized: watch::Sender::new(None),
        }
    }
}

impl InvocationSlot {
    /// Gives the process an invocation. The caller must wait for its end before it gives the next one.
    pub(crate) fn put(&self, invocation: Invocation) {
        *self.state() = State::Waiting(invocation);
        self.arrived.notify_one();
    }

    /// Takes an invocation back that the process has not taken. Returns `false` if it has.
    pub(crate) fn retract(&self) -> bool {
        let mut state = self.state();
        let waits = matches!(*state, State::Waiting(_));
        if waits {
            *state = State::Empty;
        }
        waits
    }

    /// Waits for the next invocation and takes it. This is the request `invocation/next`.
    ///
    /// Returns `None` if the runtime has not answered the invocation before.
    pub(crate) async fn next(&self) -> Option<Taken> {
        self.initialized.send_if_modified(|initialized| {
            let first = initialized.is_none();
            if first {
                *initialized = Some(Event::Ready);
            }
            first
        });
        loop {
            // If the invocation arrives between `take` and `notified`, `notify_one` keeps a permit and the
            // wait ends at once.
            match self.take() {
                Ok(Some(taken)) => return Some(taken),
                Ok(None) => self.arrived.notified().await,
                Err(Busy) => return None,
            }
        }
    }

    fn take(&self) -> Result<Option<Taken>, Busy> {
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            State::Empty => Ok(None),
            State::Waiting(Invocation {
                request_id,
                payload,
                timeout,
                taken,
                answer,
            }) => {
                *state = State::Working { request_id, answer };
                drop(state);
                // Sending fails if the caller has given up on the invocation. Then nobody needs the signal.
                let _ = taken.send(());
                Ok(Some(Taken {
                    request_id,
                    payload,
                    timeout,
                }))
            }
            working @ State::Working { .. } => {
                *state = working;
                Err(Busy)
            }
        }
    }

    /// Answers the invocation that the process works on. Returns `false` if the process works on another one,
    /// or on none.
    pub(crate) fn answer(&self, request_id: Uuid, answer: Answer) -> bool {
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            State::Working {
                request_id: current,
                answer: reply,
            } if current == request_id => {
                drop(state);
                // Sending fails if the caller has given up on the invocation.
                let _ = reply.send(answer);
                true
            }
            other => {
                *state = other;
                false
            }
        }
    }

    /// Stores that the process cannot start. This is the request `init/error`.
    pub(crate) fn fail_initialization(&self, body: Bytes) {
        self.initialized.send_replace(Some(Event::Failed(body)));
    }

    /// Waits until the process asks for work or reports that it cannot start.
    pub(crate) async fn initialization(&self) -> Event {
        let mut receiver = self.initialized.subscribe();
        loop {
            if let Some(event) = receiver.borrow_and_update().clone() {
                return event;
            }
            if receiver.changed().await.is_err() {
                // This cannot happen, because `self` owns the sender.
                return Event::Failed(Bytes::new());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An invocation that the runtime took.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) request_id: Uuid,
    pub(crate) payload: Bytes,
    pub(crate) timeout: std::time::Duration,
}

struct Busy;
