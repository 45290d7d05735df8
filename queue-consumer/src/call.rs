//! One call to the outside: within its time, and never undone by a panic.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use crate::ports::Clock;
use crate::refusal::{Refusal, code};

/// The code of a call panicked. What the call did is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("panicked")]
pub struct Panicked;

/// Awaits a call; a panic in it is one more way in which it may end.
pub async fn caught<T>(call: impl Future<Output = T>) -> Result<T, Panicked> {
    // Nothing of the call outlives it, so that nothing can be left half changed.
    AssertUnwindSafe(call).catch_unwind().await.map_err(|_| Panicked)
}

/// Awaits a call until `moment` of the clock's monotonic time. What an abandoned call did is not known.
pub async fn before<T>(
    clock: &impl Clock,
    moment: Duration,
    call: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let call = pin!(caught(call));
    let rest = pin!(clock.sleep(moment.saturating_sub(clock.monotonic())));
    match select(call, rest).await {
        Either::Left((Ok(answer), _)) => answer,
        Either::Left((Err(Panicked), _)) => Err(Refusal::new(code::PANICKED)),
        Either::Right(_) => Err(Refusal::new(code::TIMED_OUT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::Outside;

    fn awaited(call: impl Future<Output = Result<u8, Refusal>>) -> Result<u8, Refusal> {
        let outside = Outside::default();
        before(&outside, Duration::from_secs(5), call)
            .now_or_never()
            .unwrap()
    }

    #[test]
    fn a_call_ends_by_its_answer_a_panic_or_the_time() {
        assert_eq!(awaited(async { Ok(7) }), Ok(7));
        assert_eq!(
            awaited(async { panic!("as the test asks") }),
            Err(Refusal::new(code::PANICKED))
        );
        assert_eq!(
            awaited(std::future::pending()),
            Err(Refusal::new(code::TIMED_OUT))
        );
    }
}
