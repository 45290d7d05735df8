//! A function that runs inside this program, on a thread of its own.
//!
//! It takes its invocations from memory, not over the Runtime API. Nothing protects the program from it: it shares the memory and the
//! processor time, and a kill or a timeout drops its future at the next point where it waits.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use uuid::Uuid;

use crate::invocation::{Answer, MAX_PAYLOAD_BYTES};
use crate::logs::LogSink;
use crate::runtime_api::{InvocationSlot, trace_id};

/// Why a task has ended.
pub type TaskError = Box<dyn Error + Send + Sync>;

type Ended = Pin<Box<dyn Future<Output = Result<(), TaskError>>>>;

/// Runs a function. Each of its execution environments calls it once.
#[derive(Clone)]
pub struct Task(Arc<dyn Fn(TaskContext) -> Ended + Send + Sync>);

impl Task {
    /// A function that `run` runs. Its future stays on one thread, which has a runtime of tokio.
    pub fn new<F>(run: impl Fn(TaskContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), TaskError>> + 'static,
    {
        Self(Arc::new(move |context| Box::pin(run(context))))
    }

    pub(crate) fn run(&self, context: TaskContext) -> Ended {
        (self.0)(context)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Task")
    }
}

/// Answers the AWS calls of a task, without a connection.
#[derive(Clone)]
pub struct AwsService(Arc<dyn Fn(Request<Body>) -> AwsAnswer + Send + Sync>);

type AwsAnswer = Pin<Box<dyn Future<Output = Result<Response<Body>, TaskError>> + Send>>;

impl AwsService {
    /// A service that `call` answers for.
    pub fn new<F>(call: impl Fn(Request<Body>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response<Body>, TaskError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(call(request))))
    }

    /// The service of a function that calls none in memory.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|_| std::future::ready(Err("there is no AWS in memory".into())))
    }

    /// Performs a signed request.
    ///
    /// # Errors
    /// The system stops, or there is no AWS in memory.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Body>, TaskError> {
        (self.0)(request).await
    }
}

impl fmt::Debug for AwsService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AwsService")
    }
}

/// The execution environment of a task.
#[derive(Debug)]
pub struct TaskContext {
    /// The environment variables, as a process would have them, without the address of a Runtime API.
    pub environment: BTreeMap<String, String>,
    /// Takes its lines.
    pub log: LogSink,
    /// Answers its AWS calls.
    pub aws: AwsService,
    pub(crate) slot: Arc<InvocationSlot>,
}

/// An invocation that a task has taken.
#[derive(Debug)]
pub struct TaskInvocation {
    /// Its id.
    pub request_id: Uuid,
    /// The event, in JSON.
    pub payload: Bytes,
    /// When it is ended.
    pub deadline: SystemTime,
    /// The trace header.
    pub trace_header: String,
}

impl TaskContext {
    /// Waits for the next invocation. `None` means that the one before has no answer.
    pub async fn next(&self) -> Option<TaskInvocation> {
        let taken = self.slot.next().await?;
        Some(TaskInvocation {
            request_id: taken.request_id,
            payload: taken.payload,
            deadline: SystemTime::now() + taken.timeout,
            trace_header: trace_id(taken.request_id),
        })
    }

    /// Answers an invocation: with its result, or with the JSON of its error (`errorType` and `errorMessage`). A result that is too large
    /// becomes an error.
    pub fn answer(&self, request_id: Uuid, result: Result<Bytes, Bytes>) {
        let answer = match result {
            Ok(body) if body.len() > MAX_PAYLOAD_BYTES => Answer::too_large(),
            Ok(body) => Answer::Response(body),
            Err(body) => Answer::Error(body),
        };
        // One that was ended meanwhile has no caller.
        let _ended = self.slot.answer(request_id, answer);
    }
}
