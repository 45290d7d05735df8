//! The one invocation that a process has at a time, and what happens to it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};
use uuid::Uuid;

use crate::invocation::{Answer, Invocation};

/// Between the pool, which puts invocations in, and the runtime, which takes them and answers.
#[derive(Debug)]
pub(crate) struct InvocationSlot {
    state: Mutex<State>,
    arrived: Notify,
    initialized: watch::Sender<Initialization>,
}

/// How far the process has come before its first invocation.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// It has asked for work.
    Ready,
    /// It reported that it cannot start, with this body.
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
    /// Hands the process an invocation. The caller hands over one at a time.
    pub(crate) fn put(&self, invocation: Invocation) {
        *self.state() = State::Waiting(invocation);
        self.arrived.notify_one();
    }

    /// Takes the next invocation, waiting for one: what `invocation/next` does.
    ///
    /// `None` if the runtime has not answered the one before.
    pub(crate) async fn next(&self) -> Option<Taken> {
        self.initialized.send_if_modified(|initialized| {
            let first = initialized.is_none();
            if first {
                *initialized = Some(Event::Ready);
            }
            first
        });
        loop {
            // A permit is kept for the case that the invocation arrives between the look and the wait.
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
                // The caller may have given up on the invocation: then nobody waits for its start.
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

    /// Answers the invocation that the process works on; `false` if that is another one, or none.
    pub(crate) fn answer(&self, request_id: Uuid, answer: Answer) -> bool {
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            State::Working {
                request_id: current,
                answer: reply,
            } if current == request_id => {
                drop(state);
                // The caller may have given up.
                let _ = reply.send(answer);
                true
            }
            other => {
                *state = other;
                false
            }
        }
    }

    /// Notes that the process cannot start: what `init/error` does.
    pub(crate) fn fail_initialization(&self, body: Bytes) {
        self.initialized.send_replace(Some(Event::Failed(body)));
    }

    /// Waits until the process asked for work, or reported that it cannot start.
    pub(crate) async fn initialization(&self) -> Event {
        let mut receiver = self.initialized.subscribe();
        loop {
            if let Some(event) = receiver.borrow_and_update().clone() {
                return event;
            }
            if receiver.changed().await.is_err() {
                // The sender is part of this slot and cannot be gone.
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
