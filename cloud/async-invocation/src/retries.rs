//! The decision after an attempt that did not succeed.

use std::time::Duration;

use cloud_lambda::InvokeError;

use crate::events::Event;
use crate::target::AsyncSettings;

/// The wait after the first failure. After the second it is twice as long.
const AFTER_FAILURE: Duration = Duration::from_mins(1);
/// The wait after the first time that the function could not be invoked. It doubles with each.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);
/// The longest wait.
const MAX_WAIT: Duration = Duration::from_mins(5);

/// Why Lambda gives up on an event. Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    RetriesExhausted,
    EventAgeExceeded,
}

impl Condition {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
        }
    }
}

/// The next step of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The system stops. The event stays as it is.
    Stay,
    /// Another attempt.
    Retry {
        failures: u32,
        refusals: u32,
        due_at: i64,
    },
    GiveUp(Condition),
}

/// Decides what follows an error at the time `now`.
pub(crate) fn after(error: &InvokeError, event: &Event, settings: &AsyncSettings, now: i64) -> Next {
    let (mut failures, mut refusals) = (event.failures, event.refusals);
    let wait = match error {
        InvokeError::Stopping | InvokeError::Abandoned => return Next::Stay,
        InvokeError::Throttled => {
            refusals += 1;
            AFTER_REFUSAL.saturating_mul(1 << (refusals - 1).min(16))
        }
        InvokeError::Function(_)
        | InvokeError::Init(_)
        | InvokeError::TimedOut(_)
        | InvokeError::Exited(_)
        | InvokeError::Spawn(_)
        | InvokeError::PayloadTooLarge(_) => {
            failures += 1;
            if failures > settings.max_retries {
                return Next::GiveUp(Condition::RetriesExhausted);
            }
            AFTER_FAILURE.saturating_mul(failures)
        }
    };
    let due_at = now + milliseconds(wait.min(MAX_WAIT));
    if due_at - event.accepted_at > milliseconds(settings.max_age) {
        return Next::GiveUp(Condition::EventAgeExceeded);
    }
    Next::Retry {
        failures,
        refusals,
        due_at,
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(failures: u32, refusals: u32) -> Event {
        Event {
            id: 1,
            request_id: String::new(),
            function: String::new(),
            payload: Vec::new(),
            accepted_at: 0,
            failures,
            refusals,
        }
    }

    #[test]
    fn a_failure_is_retried_twice_after_one_and_two_minutes() {
        let error = InvokeError::Function(Bytes::new());
        let settings = AsyncSettings::default();
        let next = |failures| after(&error, &event(failures, 0), &settings, 1000);
        let retry = |failures, due_at| Next::Retry {
            failures,
            refusals: 0,
            due_at,
        };
        assert_eq!(next(0), retry(1, 61_000));
        assert_eq!(next(1), retry(2, 121_000));
        assert_eq!(next(2), Next::GiveUp(Condition::RetriesExhausted));
        let never = AsyncSettings {
            max_retries: 0,
            ..AsyncSettings::default()
        };
        let given_up = after(&error, &event(0, 0), &never, 0);
        assert_eq!(given_up, Next::GiveUp(Condition::RetriesExhausted));
    }

    #[test]
    fn a_throttled_event_is_retried_at_growing_pauses_until_it_is_too_old() {
        let settings = AsyncSettings::default();
        let next = |refusals, now| after(&InvokeError::Throttled, &event(0, refusals), &settings, now);
        for (refusals, seconds) in [(0, 1), (1, 2), (5, 32), (9, 300), (40, 300)] {
            let expected = Next::Retry {
                failures: 0,
                refusals: refusals + 1,
                due_at: seconds * 1000,
            };
            assert_eq!(next(refusals, 0), expected, "{refusals}");
        }
        let six_hours = 6 * 3_600_000;
        assert_eq!(next(40, six_hours), Next::GiveUp(Condition::EventAgeExceeded));
        let young = AsyncSettings {
            max_age: Duration::from_mins(1),
            ..AsyncSettings::default()
        };
        let failed = InvokeError::Function(Bytes::new());
        let given_up = after(&failed, &event(1, 0), &young, 0);
        assert_eq!(given_up, Next::GiveUp(Condition::EventAgeExceeded));
    }

    #[test]
    fn a_stop_is_no_failure() {
        let next = after(&InvokeError::Stopping, &event(2, 0), &AsyncSettings::default(), 0);
        assert_eq!(next, Next::Stay);
    }
}
