//! The thread of a task: it runs the function, and ends it on request.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};

use super::reaper::DesiredState;
use crate::runtime_api::InvocationSlot;
use crate::task::{Task, TaskContext, TaskError};

/// Starts the thread. It publishes how it ended. The function ends when the desired state is not `Running` any more, or when the sender
/// of it is dropped: its future and all that it spawned are dropped then, wherever they wait.
///
/// The result is ready when the thread has ended.
pub(super) fn start(
    name: &str,
    task: Task,
    context: TaskContext,
    mut desired_states: watch::Receiver<DesiredState>,
    exited: watch::Sender<Option<String>>,
) -> io::Result<oneshot::Receiver<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (end, ended) = oneshot::channel();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let run = move || {
            runtime.block_on(async {
                let slot = context.slot.clone();
                tokio::select! {
                    result = task.run(context) => describe(&slot, result),
                    _ = desired_states.wait_for(|state| *state != DesiredState::Running) => "ended".to_owned(),
                }
            })
        };
        let status = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| "panicked".to_owned());
        exited.send_replace(Some(status));
        // Nobody waits for it if the system has gone.
        let _ = end.send(());
    })?;
    Ok(ended)
}

/// A function that ends by itself could not start, or has lost its slot.
fn describe(slot: &InvocationSlot, result: Result<(), TaskError>) -> String {
    match result {
        Ok(()) => "ended by itself".to_owned(),
        Err(error) => {
            let body = json!({"errorType": "Runtime.InitError", "errorMessage": error.to_string()});
            slot.fail_initialization(body.to_string().into());
            error.to_string()
        }
    }
}
