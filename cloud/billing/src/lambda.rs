//! The billing of Lambda: requests, and GB-seconds.
//!
//! Source: the page "AWS Lambda pricing": a duration is rounded up to the nearest millisecond, and is billed by the memory of the
//! function. The start of a process counts too ("AWS Lambda standardizes billing for INIT Phase", AWS Compute Blog, 2025).

use std::time::Duration;

use crate::units::Units;

/// The units of an invocation that took so long, in a function with this memory.
#[must_use]
pub fn invocation(took: Duration, memory_megabytes: u32) -> Units {
    Units {
        lambda_requests: 1,
        ..start(took, memory_megabytes)
    }
}

/// The units of the start of a process that took so long.
#[must_use]
pub fn start(took: Duration, memory_megabytes: u32) -> Units {
    let milliseconds = u64::try_from(took.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    Units {
        lambda_milliseconds: milliseconds,
        lambda_megabyte_milliseconds: milliseconds.saturating_mul(memory_megabytes.into()),
        ..Units::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The report of the AWS News Blog, "1ms Billing Granularity": a duration of 27.55 ms is billed as 28 ms.
    #[test]
    fn a_duration_is_rounded_up_to_a_millisecond() {
        let units = invocation(Duration::from_micros(27_550), 1024);
        assert_eq!((units.lambda_requests, units.lambda_milliseconds), (1, 28));
        assert_eq!(units.lambda_megabyte_milliseconds, 28 * 1024);
        assert_eq!(invocation(Duration::from_millis(28), 256).lambda_milliseconds, 28);
    }

    #[test]
    fn a_start_is_no_request() {
        let units = start(Duration::from_nanos(1), 256);
        assert_eq!((units.lambda_requests, units.lambda_milliseconds), (0, 1));
    }
}
