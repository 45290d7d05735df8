//! The operator `numeric`.

use super::reader::{Reader, TOO_MANY_ELEMENTS};
use crate::condition::{Bound, Range};
use crate::decimal::Decimal;
use crate::error::PolicyError;
use crate::tokens::Token;

impl Reader<'_> {
    /// Reads the array of a range up to its end. Its start was read.
    pub(super) fn range(&mut self) -> Result<Range, PolicyError> {
        let first = self.next();
        let Token::Text(operator) = first else {
            return Err(self.fault(&format!("Invalid member in numeric match: {}", first.shown())));
        };
        // AWS reads the number before it judges the operator.
        let value = self.next();
        let name = match operator.as_str() {
            "=" => "equals",
            operator @ (">=" | ">" | "<=" | "<") => operator,
            operator => {
                return Err(self.fault(&format!("Unrecognized numeric range operator: {operator}")));
            }
        };
        let value = self.bound_value(value, name)?;
        let bound = |open| {
            Some(Bound {
                value: value.clone(),
                open,
            })
        };
        let range = match operator.as_str() {
            "=" => Range {
                bottom: bound(false),
                top: bound(false),
            },
            "<" | "<=" => Range {
                bottom: None,
                top: bound(operator == "<"),
            },
            _ => Range {
                bottom: bound(operator == ">"),
                top: None,
            },
        };
        let next = self.next();
        match next {
            Token::EndArray => Ok(range),
            _ if range.bottom.is_none() || range.top.is_some() => Err(self.fault(TOO_MANY_ELEMENTS)),
            Token::Text(operator) => self.range_to(range, &value, operator),
            token => Err(self.fault(&format!("Bad value in numeric range: {}", token.shown()))),
        }
    }

    /// Reads the second half of a range. Its operator was read.
    fn range_to(&mut self, range: Range, bottom: &Decimal, operator: &str) -> Result<Range, PolicyError> {
        if !matches!(operator, "<" | "<=") {
            return Err(self.fault_behind(&format!("Bad numeric range operator: {operator}")));
        }
        let top = self.next();
        let top = self.bound_value(top, operator)?;
        if self.next() != &Token::EndArray {
            return Err(self.fault("Too many terms in numeric range expression"));
        }
        if top <= *bottom {
            return Err(self.fault("Bottom must be less than top"));
        }
        Ok(Range {
            top: Some(Bound {
                value: top,
                open: operator == "<",
            }),
            ..range
        })
    }

    fn bound_value(&self, token: &Token, operator: &str) -> Result<Decimal, PolicyError> {
        let Token::Number(text) = token else {
            return Err(self.fault(&format!("Value of {operator} must be numeric")));
        };
        let value = self.decimal(text)?;
        let limit = |text| Decimal::parse(text).is_some_and(|limit| value > limit);
        let below = |text| Decimal::parse(text).is_some_and(|limit| value < limit);
        if limit("1e9") || below("-1e9") {
            return Err(self.fault("Value must be between -1.0E9 and 1.0E9, inclusive"));
        }
        Ok(value)
    }
}
