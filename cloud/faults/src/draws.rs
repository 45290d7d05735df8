//! Seeded random decisions that do not depend on the order of concurrent calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use fastrand::Rng;

/// Counts the decisions for each subject. The n-th decision for a subject is the same in every run with the
/// same seed, whatever happens to other subjects in between.
#[derive(Debug, Default)]
pub(super) struct Draws(Mutex<HashMap<String, u64>>);

impl Draws {
    /// Returns the random number generator for the subject's next decision.
    pub(super) fn next(&self, seed: u64, subject: &str) -> Rng {
        let mut cases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let case = if let Some(case) = cases.get_mut(subject) {
            *case += 1;
            *case
        } else {
            cases.insert(subject.to_owned(), 0);
            0
        };
        drop(cases);
        Rng::with_seed(mix(seed, subject, case))
    }

    /// Starts every subject at its first decision again.
    pub(super) fn restart(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// FNV-1a over all three. It gives the same value on every machine and with every version of the standard
/// library.
fn mix(seed: u64, subject: &str, case: u64) -> u64 {
    let bytes = seed
        .to_le_bytes()
        .into_iter()
        .chain(subject.bytes())
        .chain(case.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(draws: &Draws, seed: u64, subject: &str, count: usize) -> Vec<u64> {
        (0..count).map(|_| draws.next(seed, subject).u64(..)).collect()
    }

    #[test]
    fn a_seed_gives_the_same_decisions_whatever_happens_to_other_subjects() {
        let (one, other) = (Draws::default(), Draws::default());
        let expected = draw(&one, 7, "a", 20);
        let mixed: Vec<_> = (0..20)
            .map(|_| {
                other.next(7, "b");
                other.next(7, "a").u64(..)
            })
            .collect();
        assert_eq!(mixed, expected);
        one.restart();
        assert_eq!(draw(&one, 7, "a", 20), expected);
        assert_ne!(draw(&Draws::default(), 8, "a", 20), expected);
        assert_ne!(draw(&Draws::default(), 7, "b", 20), expected);
    }

    #[test]
    fn decisions_are_spread_evenly() {
        let draws = Draws::default();
        let hits = (0..10_000).filter(|_| draws.next(1, "a").f64() < 0.1).count();
        assert!((900..1100).contains(&hits), "{hits}");
    }
}
