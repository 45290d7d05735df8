//! The orders and messages that a test asked about, for the report of a failed test.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The maximum number of tokens in a report. It has the latest ones, because a test may place hundreds of orders.
const MAX_TOKENS: usize = 5;

/// The tokens that a test asked about: order ids, and texts of its own in message bodies.
pub(super) struct Trail {
    tokens: Mutex<Vec<String>>,
    /// The folder of the functions' logs, if it is known.
    pub(super) logs: Option<PathBuf>,
}

impl Trail {
    pub(super) fn new(logs: Option<PathBuf>) -> Self {
        Self {
            tokens: Mutex::default(),
            logs,
        }
    }

    pub(super) fn add(&self, token: &str) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }

    pub(super) fn latest(&self) -> Vec<String> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.iter().rev().take(MAX_TOKENS).rev().cloned().collect()
    }
}
