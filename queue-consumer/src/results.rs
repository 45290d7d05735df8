//! The results of a batch's records.

use crate::failure::{Failure, code};

/// The results that are known so far.
#[derive(Debug)]
pub struct Results {
    known: Vec<Option<Result<(), Failure>>>,
    outage: Option<Failure>,
}

impl Results {
    /// None is known.
    #[must_use]
    pub fn new(records: usize) -> Self {
        Self {
            known: vec![None; records],
            outage: None,
        }
    }

    /// Sets the result of the records with these indices.
    pub fn set(&mut self, indices: &[usize], result: &Result<(), Failure>) {
        if let Err(failure) = result
            && failure.is_outage
        {
            self.outage = Some(failure.clone());
        }
        for &index in indices {
            if let Some(known) = self.known.get_mut(index) {
                *known = Some(result.clone());
            }
        }
    }

    /// Whether a record failed because a service is away. Then no further work may begin.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// All results. A record without one shares the failure of an outage. Without an outage it was forgotten: Lambda deletes a
    /// record that is not reported, and a forgotten record is not done.
    #[must_use]
    pub fn finish(self) -> Vec<Result<(), Failure>> {
        let forgotten = || Failure::new(code::FORGOTTEN, "the code gave no result for this record");
        let missing = self.outage.unwrap_or_else(forgotten);
        self.known
            .into_iter()
            .map(|known| known.unwrap_or_else(|| Err(missing.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Permanence;

    #[test]
    fn a_record_that_was_forgotten_is_not_done() {
        let mut results = Results::new(3);
        results.set(&[1, 7], &Ok(()));
        assert!(!results.is_outage());
        let results = results.finish();
        assert_eq!(results[1], Ok(()));
        for index in [0, 2] {
            let failure = results[index].as_ref().unwrap_err();
            assert_eq!(
                (failure.permanence(), &*failure.code),
                (Permanence::Transient, code::FORGOTTEN)
            );
        }
    }

    #[test]
    fn an_outage_is_the_reason_of_every_record_that_is_left() {
        let mut results = Results::new(3);
        let outage = Failure {
            is_outage: true,
            ..Failure::new("InternalServerError", "why")
        };
        results.set(&[0], &Err(outage.clone()));
        results.set(&[1], &Ok(()));
        assert!(results.is_outage());
        let results = results.finish();
        assert_eq!(results, [Err(outage.clone()), Ok(()), Err(outage)]);
    }
}
