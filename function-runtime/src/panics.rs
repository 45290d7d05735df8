//! Turns a panic into an error, so that one record's panic fails that record alone.
//!
//! Every `catch_unwind` of the services is here. `AssertUnwindSafe` holds because neither the closure nor the future
//! outlives its call: a panic drops both, and what they share with the rest of the service changes in single steps.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;

/// The code panicked. Whether its call to AWS had an effect is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("panicked")]
pub struct Panicked;

/// Runs `work`; a panic in it is returned as an error.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked)
}

/// Awaits `work`; a panic in it is returned as an error.
pub async fn catch_async<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_a_result_a_result() {
        assert_eq!(catch(|| 7), Ok(7));
        assert_eq!(catch(|| -> u8 { panic!("as the test asks") }), Err(Panicked));
        assert_eq!(catch_async(async { 7 }).now_or_never(), Some(Ok(7)));
        let panicking = catch_async(async { panic!("as the test asks") });
        assert_eq!(panicking.now_or_never(), Some(Err::<u8, _>(Panicked)));
    }
}
