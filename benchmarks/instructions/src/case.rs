//! A piece of work that is counted.

use std::hint::black_box;

/// The work of a case. It gives a number that shows that the work was done, such as that of the orders in it.
pub type Work = Box<dyn FnMut() -> usize>;

/// A piece of work that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name in `baseline.json`.
    pub name: &'static str,
    /// The number that its work gives.
    pub result: usize,
    /// Prepares its input. None if that is invalid.
    pub(crate) prepare: fn() -> Option<Work>,
}

impl Case {
    /// Prepares the input and runs the work twice. Callgrind counts the second run: the first one registers what the log and the metrics
    /// keep for the life of the process. None if the input is invalid.
    #[must_use]
    pub fn run(&self) -> Option<usize> {
        let mut work = (self.prepare)()?;
        work();
        Some(counted(&mut *work))
    }
}

/// Callgrind counts what happens inside this function, which `.ci/instructions.py` names. Its code must stay a function of its own.
#[inline(never)]
fn counted(work: &mut dyn FnMut() -> usize) -> usize {
    black_box(work())
}
