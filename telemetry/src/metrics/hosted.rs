//! The metrics of functions that run inside one program, each on threads of its own.
//!
//! A program can have one collector only. So the name of the function is a label of each value, which the collector writes as the same
//! dimension that a function's own collector has.
//!
//! **Invariant:** what is counted is written once, to the log of the function that counted it. A flush writes the values of all functions,
//! because the collector cannot write those of one.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use metrics_cloudwatch_embedded::{Builder, Collector};
use serde_json::Value;

use super::embedded::{MAX_VALUES, NAMESPACE, SERVICE};
use super::names::Measure;
use crate::output::Output;

/// The collector of all hosted functions, once there was one. `None` if the program has another collector.
static COLLECTOR: OnceLock<Option<&'static Collector>> = OnceLock::new();
/// The functions by name.
static FUNCTIONS: LazyLock<Mutex<Functions>> = LazyLock::new(Mutex::default);

type Functions = HashMap<Arc<str>, Function>;

thread_local! {
    /// The function of this thread.
    static THIS: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    /// Whether no invocation has begun on this thread.
    static IS_COLD: Cell<bool> = const { Cell::new(true) };
}

struct Function {
    output: Output,
    /// The values of each measure since the last flush.
    pending: [usize; Measure::ALL.len()],
}

/// A thread whose metrics belong to a function, until this is dropped.
#[derive(Debug)]
pub(crate) struct HostedMetrics(());

impl Drop for HostedMetrics {
    fn drop(&mut self) {
        THIS.set(None);
    }
}

/// Makes a function the owner of what this thread counts.
pub(crate) fn init_hosted(service: &str, output: Output) -> HostedMetrics {
    COLLECTOR.get_or_init(|| Builder::new().cloudwatch_namespace(NAMESPACE).init().ok());
    let service: Arc<str> = service.into();
    // Another thread of the function may have counted.
    functions()
        .entry(Arc::clone(&service))
        .or_insert_with(|| Function {
            output,
            pending: Default::default(),
        });
    THIS.set(Some(service));
    IS_COLD.set(true);
    HostedMetrics(())
}

/// Whether this thread belongs to a hosted function.
pub(crate) fn is_hosted() -> bool {
    THIS.with_borrow(Option::is_some)
}

/// The function of this thread.
pub(super) fn service() -> Option<Arc<str>> {
    THIS.with_borrow(Clone::clone)
}

/// Returns whether this is the first invocation of the thread, and notes that there was one. `None` if the thread belongs to no function.
pub(super) fn takes_coldness() -> Option<bool> {
    is_hosted().then(|| IS_COLD.replace(false))
}

/// Records a value for the function of this thread. Returns `false` if it has none.
pub(super) fn record(what: Measure, value: f64) -> bool {
    let Some(service) = service() else {
        return false;
    };
    // The lock is held until the value is recorded, so that no other thread adds one too many.
    let mut functions = functions();
    let is_full = |function: &Function| function.pending[what as usize] >= MAX_VALUES;
    if functions.get(&service).is_some_and(is_full) {
        write(&mut functions);
    }
    if let Some(function) = functions.get_mut(&service) {
        function.pending[what as usize] += 1;
    }
    metrics::histogram!(what.name(), SERVICE => service).record(value);
    true
}

/// Writes the values of all functions. Returns `false` if this thread belongs to none.
pub(super) fn flush() -> bool {
    if !is_hosted() {
        return false;
    }
    write(&mut functions());
    true
}

fn write(functions: &mut Functions) {
    let Some(Some(collector)) = COLLECTOR.get() else {
        return;
    };
    for function in functions.values_mut() {
        function.pending.fill(0);
    }
    let mut lines = Vec::new();
    // Writing to memory does not fail.
    let _ = collector.flush(&mut lines);
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let service = serde_json::from_slice::<Value>(line)
            .ok()
            .and_then(|line| line.get(SERVICE)?.as_str().map(str::to_owned));
        if let Some(function) = service.and_then(|service| functions.get(&*service)) {
            (function.output)(line);
        }
    }
}

fn functions() -> MutexGuard<'static, Functions> {
    FUNCTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}
