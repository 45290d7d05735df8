//! The work whose processor instructions `.ci/run instructions` counts with Callgrind, and compares with `baseline.json`.
//!
//! An instruction count does not depend on the load of the machine, so that a change of a few percent is visible in one run. It is not
//! time: it leaves out the caches, the disk and AWS.
//!
//! **Invariant:** each [`Case`] does the same work in every run: nothing here draws a random number, and the ports answer in memory.

mod case;
mod cases;
mod inputs;
mod ports;

pub use case::{Case, Work};
pub use cases::CASES;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_case_does_its_work() {
        for case in CASES {
            assert_eq!(case.run(), Some(case.result), "{}", case.name);
        }
    }

    #[test]
    fn the_baseline_has_each_case_and_no_other() {
        let baseline: serde_json::Value = serde_json::from_str(include_str!("../baseline.json")).unwrap();
        let recorded = baseline["instructions"].as_object().unwrap();
        let recorded: BTreeSet<&str> = recorded.keys().map(String::as_str).collect();
        assert_eq!(recorded, CASES.iter().map(|case| case.name).collect());
    }
}
