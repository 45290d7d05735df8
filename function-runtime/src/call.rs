//! One call to AWS, limited in time.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::call_error::{CallError, code};
use crate::clock::Clock;

/// Awaits a call until `moment` of the clock's monotonic time. Whether an abandoned call had an effect is unknown.
pub async fn before<T>(
    clock: &impl Clock,
    moment: Duration,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let call = pin!(call);
    let timeout = pin!(clock.sleep(moment.saturating_sub(clock.monotonic())));
    match select(call, timeout).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(CallError::new(code::TIMED_OUT)),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::virtual_clock::VirtualClock;

    fn awaited(call: impl Future<Output = Result<u8, CallError>>) -> Result<u8, CallError> {
        before(&VirtualClock::default(), Duration::from_secs(5), call)
            .now_or_never()
            .unwrap()
    }

    #[test]
    fn a_call_ends_by_its_answer_or_by_the_time() {
        assert_eq!(awaited(async { Ok(7) }), Ok(7));
        assert_eq!(
            awaited(std::future::pending()),
            Err(CallError::new(code::TIMED_OUT))
        );
    }
}
