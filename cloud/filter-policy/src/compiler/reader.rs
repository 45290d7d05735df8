//! Reads tokens one by one, and says where AWS's parser stands.

use crate::decimal::Decimal;
use crate::error::PolicyError;
use crate::tokens::{Placed, Token, line_and_column};

pub(super) const TOO_MANY_ELEMENTS: &str = "Too many elements in numeric expression";

/// Stands at a token. `at` is the number of tokens that were read.
pub(super) struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Placed],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Placed]) -> Self {
        Self { text, tokens, at: 0 }
    }

    /// Reads the next token. After the last one there is no reason to read, because the JSON is complete.
    pub(super) fn next(&mut self) -> &'a Token {
        let token = self
            .tokens
            .get(self.at)
            .map_or(&Token::EndObject, |placed| &placed.token);
        self.at += 1;
        token
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead).map(|placed| &placed.token)
    }

    /// Builds an error at the current token.
    pub(super) fn fault(&self, reason: &str) -> PolicyError {
        let current = self.tokens.get(self.at.saturating_sub(1));
        let place = match current.map(|placed| &placed.token) {
            // The parser has found the value behind a name already.
            Some(Token::Name(_)) => self.tokens.get(self.at),
            _ => current,
        };
        self.fault_at(reason, place.map_or(self.text.len(), |placed| placed.found))
    }

    /// Builds an error at the current token whose text was read.
    pub(super) fn fault_behind(&self, reason: &str) -> PolicyError {
        let place = self.tokens.get(self.at.saturating_sub(1));
        self.fault_at(reason, place.map_or(self.text.len(), |placed| placed.end))
    }

    fn fault_at(&self, reason: &str, at: usize) -> PolicyError {
        let (line, column) = line_and_column(self.text, at);
        PolicyError::at(reason, line, column)
    }

    pub(super) fn decimal(&self, text: &str) -> Result<Decimal, PolicyError> {
        Decimal::parse(text).ok_or_else(|| self.fault("Value must be a number"))
    }
}
