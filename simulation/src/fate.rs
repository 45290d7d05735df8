//! How one call goes.

use std::time::Duration;

use crate::plan::Service;
use crate::schedule::TaskId;
use crate::world::World;

/// The codes of calls that are refused. Some are retried within an invocation, some are hopeless for now.
const REFUSALS: [&str; 5] = [
    "ThrottlingException",
    "InternalServerError",
    "ServiceUnavailable",
    "RequestLimitExceeded",
    "AccessDeniedException",
];

/// The codes of entries that are refused.
const ENTRY_REFUSALS: [&str; 3] = [
    "ThrottlingError",
    "InternalServerError",
    "ProvisionedThroughputExceeded",
];

/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// How one call goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    /// Until its effect.
    pub(crate) before: Duration,
    /// Whether it has one.
    pub(crate) has_effect: bool,
    /// From then until the answer.
    pub(crate) after: Duration,
    /// The answer.
    pub(crate) answer: Answer,
}

/// What the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The result.
    Result,
    /// An error.
    Refused(&'static str),
    /// A panic.
    Panic,
}

/// How long a client waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The caller gives the call up by itself.
    Caller,
    /// The client gives it up, as `notifier::ports` demands of its adapters.
    Client(Duration),
}

/// A call that has had its effect and whose caller does not know: dropped when the caller gives it up, dies, or is told an
/// error.
struct Unanswered<'a> {
    world: &'a World,
    task: TaskId,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.world.excuse_task(self.task);
    }
}

impl World {
    /// Draws how a call goes.
    pub(crate) fn fate(&self, service: Service, patience: Patience) -> Fate {
        let now = self.schedule.now();
        let faults = &self.plan.faults;
        let mut state = self.state.borrow_mut();
        let chance = &mut state.chance;
        let mut fate = Fate {
            before: chance.milliseconds(1, 12),
            has_effect: true,
            after: chance.milliseconds(1, 6),
            answer: Answer::Result,
        };
        if self.plan.is_away(service, now) {
            fate.has_effect = false;
            fate.answer = Answer::Refused(chance.pick(&REFUSALS));
            return fate;
        }
        if now >= self.plan.faults_end() {
            return fate;
        }
        if chance.percent(faults.refusals) {
            fate.has_effect = false;
            fate.answer = Answer::Refused(chance.pick(&REFUSALS));
        } else if chance.percent(faults.lost) {
            fate.answer = Answer::Refused(chance.pick(&["timed_out", "connection", "InternalServerError"]));
        } else if chance.percent(faults.panics) {
            fate.has_effect = chance.percent(50);
            fate.answer = Answer::Panic;
        } else if chance.percent(faults.slow) {
            let slow = chance.milliseconds(500, 40_000);
            let slow = if chance.percent(20) { FOR_EVER } else { slow };
            // Slow on the way there or on the way back.
            if chance.percent(50) {
                fate.before = slow;
            } else {
                fate.after = slow;
            }
        }
        if let Patience::Client(most) = patience
            && fate.before + fate.after > most
        {
            fate.has_effect = fate.before < most;
            fate.before = fate.before.min(most);
            fate.after = most.saturating_sub(fate.before);
            fate.answer = Answer::Refused("timed_out");
        }
        fate
    }

    /// Draws whether an entry of a batch call is refused alone.
    pub(crate) fn entry_refusal(&self) -> Option<&'static str> {
        if self.schedule.now() >= self.plan.faults_end() {
            return None;
        }
        let chance = &mut self.state.borrow_mut().chance;
        chance
            .percent(self.plan.faults.entries)
            .then(|| chance.pick(&ENTRY_REFUSALS))
    }

    /// Makes a call of the running invocation: `effect` happens in one step, or not at all.
    pub(crate) async fn call<T>(
        &self,
        service: Service,
        patience: Patience,
        name: &'static str,
        effect: impl FnOnce() -> T,
    ) -> Result<T, &'static str> {
        let fate = self.fate(service, patience);
        self.schedule.pause(fate.before).await;
        let result = fate.has_effect.then(effect);
        let unanswered = fate.has_effect.then(|| Unanswered {
            world: self,
            task: self.schedule.running(),
        });
        self.note(|| {
            format!(
                "{name}: {:?}{}",
                fate.answer,
                if fate.has_effect { "" } else { ", no effect" }
            )
        });
        self.schedule.pause(fate.after).await;
        match (fate.answer, result) {
            (Answer::Result, Some(result)) => {
                // The caller has its answer: nothing excuses a second time.
                std::mem::forget(unanswered);
                Ok(result)
            }
            (Answer::Refused(code), _) => Err(code),
            // Unlike panic!, without a word on standard error.
            (Answer::Panic | Answer::Result, _) => {
                let task = self.schedule.running();
                self.state.borrow_mut().ledger.panicked.insert(task);
                std::panic::resume_unwind(Box::new("a fault of the plan"))
            }
        }
    }
}
