//! One call of a service to a simulated dependency: its delays, its effect, and its answer.

use std::time::Duration;

use crate::checks::outage;
use crate::plan::{Outage, Service};
use crate::schedule::TaskId;
use crate::world::World;

/// The error codes of whole calls. A service retries some of them within the invocation, and leaves the others to a later one.
const CALL_ERRORS: [&str; 5] = [
    "ThrottlingException",
    "InternalServerError",
    "ServiceUnavailable",
    "RequestLimitExceeded",
    "AccessDeniedException",
];

/// The error codes of single entries of a batch call.
const ENTRY_ERRORS: [&str; 3] = [
    "ThrottlingError",
    "InternalServerError",
    "ProvisionedThroughputExceeded",
];

/// A delay longer than every timeout: the call never answers.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// How a call runs, drawn before it starts.
#[derive(Debug, Clone, Copy)]
struct CallOutcome {
    /// The delay from the start of the call to its effect.
    before: Duration,
    /// Whether the call has an effect.
    has_effect: bool,
    /// The delay from the effect to the answer.
    after: Duration,
    answer: Answer,
}

/// The caller's view of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Result,
    Error(&'static str),
    Panic,
}

/// How long the client waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientTimeout {
    /// For ever: the caller stops the call by itself.
    None,
    /// The client stops the call after this time, as `notifier::ports` demands of its adapters.
    After(Duration),
}

/// A call that has had its effect while its caller does not know it. It is dropped when the caller stops the call, when
/// the caller's process dies, and when the caller gets an error.
struct UnansweredCall<'a> {
    world: &'a World,
    task: TaskId,
}

impl Drop for UnansweredCall<'_> {
    fn drop(&mut self) {
        self.world.allow_repeats_of(self.task);
    }
}

/// A call in flight.
struct CallInFlight<'a> {
    world: &'a World,
    of: (TaskId, Service),
}

impl<'a> CallInFlight<'a> {
    fn begin(world: &'a World, service: Service) -> Self {
        let of = (world.schedule.running(), service);
        let in_flight = {
            let mut state = world.state.borrow_mut();
            let in_flight = state.calls_in_flight.entry(of).or_default();
            *in_flight += 1;
            *in_flight
        };
        outage::check_calls(world, of.0, service, in_flight);
        Self { world, of }
    }
}

impl Drop for CallInFlight<'_> {
    fn drop(&mut self) {
        let mut state = self.world.state.borrow_mut();
        if let Some(in_flight) = state.calls_in_flight.get_mut(&self.of) {
            *in_flight -= 1;
        }
    }
}

impl World {
    /// Draws how a call runs.
    fn draw_call_outcome(&self, service: Service, timeout: ClientTimeout) -> CallOutcome {
        let now = self.schedule.now();
        let faults = &self.plan.faults;
        let mut state = self.state.borrow_mut();
        let rng = &mut state.rng;
        let mut outcome = CallOutcome {
            before: rng.draw_milliseconds(1, 12),
            has_effect: true,
            after: rng.draw_milliseconds(1, 6),
            answer: Answer::Result,
        };
        if self.plan.is_down(service, now) {
            outcome.has_effect = false;
            outcome.answer = Answer::Error(rng.pick(&Outage::ERRORS));
            return outcome;
        }
        if now >= self.plan.faults_end() {
            return outcome;
        }
        if rng.happens_percent(faults.errors) {
            outcome.has_effect = false;
            outcome.answer = Answer::Error(rng.pick(&CALL_ERRORS));
        } else if rng.happens_percent(faults.lost) {
            outcome.answer = Answer::Error(rng.pick(&["timed_out", "connection", "InternalServerError"]));
        } else if rng.happens_percent(faults.panics) {
            outcome.has_effect = rng.happens_percent(50);
            outcome.answer = Answer::Panic;
        } else if rng.happens_percent(faults.slow) {
            let slow = rng.draw_milliseconds(500, 40_000);
            let slow = if rng.happens_percent(20) { NEVER } else { slow };
            // The request is slow, or the response is.
            if rng.happens_percent(50) {
                outcome.before = slow;
            } else {
                outcome.after = slow;
            }
        }
        if let ClientTimeout::After(timeout) = timeout
            && outcome.before + outcome.after > timeout
        {
            outcome.has_effect = outcome.before < timeout;
            outcome.before = outcome.before.min(timeout);
            outcome.after = timeout.saturating_sub(outcome.before);
            outcome.answer = Answer::Error("timed_out");
        }
        outcome
    }

    /// Draws the error of one entry of a batch call whose other entries may succeed. `None` is success.
    pub(crate) fn draw_entry_error(&self) -> Option<&'static str> {
        if self.schedule.now() >= self.plan.faults_end() {
            return None;
        }
        let rng = &mut self.state.borrow_mut().rng;
        rng.happens_percent(self.plan.faults.entries)
            .then(|| rng.pick(&ENTRY_ERRORS))
    }

    /// Makes a call for the running invocation. `effect` runs once, in one step, or not at all.
    pub(crate) async fn call<T>(
        &self,
        service: Service,
        timeout: ClientTimeout,
        name: &'static str,
        effect: impl FnOnce() -> T,
    ) -> Result<T, &'static str> {
        let outcome = self.draw_call_outcome(service, timeout);
        let _in_flight = CallInFlight::begin(self, service);
        self.schedule.pause(outcome.before).await;
        let result = outcome.has_effect.then(effect);
        let unanswered = outcome.has_effect.then(|| UnansweredCall {
            world: self,
            task: self.schedule.running(),
        });
        self.trace(|| {
            format!(
                "{name}: {:?}{}",
                outcome.answer,
                if outcome.has_effect { "" } else { ", no effect" }
            )
        });
        self.schedule.pause(outcome.after).await;
        match (outcome.answer, result) {
            (Answer::Result, Some(result)) => {
                // The caller has the result, so nothing allows it to repeat the call.
                std::mem::forget(unanswered);
                Ok(result)
            }
            (Answer::Error(code), _) => Err(code),
            // Unlike `panic!`, this prints nothing to standard error.
            (Answer::Panic | Answer::Result, _) => {
                let task = self.schedule.running();
                self.state.borrow_mut().history.panicked_tasks.insert(task);
                std::panic::resume_unwind(Box::new("a fault of the plan"))
            }
        }
    }
}
