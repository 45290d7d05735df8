//! Metric math: expressions over queries, as far as alarms use them.
//!
//! Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". Supported are numbers, names, `+ - * /`,
//! comparisons, `AND`, `OR`, and the functions of [`Function`]. A value that is missing makes the result missing, except in `FILL`
//! and in functions of a list.

mod parser;
mod syntax;

use parser::Parser;
pub use syntax::Expression;
use syntax::{Function, Operator};

/// A text that is not a supported expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the expression `{text}`: {what}")]
pub struct ExpressionError {
    text: String,
    what: String,
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The text is not valid, or has a part that is not supported.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        Parser::new(text).parse().map_err(|what| ExpressionError {
            text: text.to_owned(),
            what,
        })
    }

    /// Returns the names of the queries that it uses.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let mut open = vec![self];
        let mut ids = Vec::new();
        while let Some(expression) = open.pop() {
            match expression {
                Self::Number(_) => {}
                Self::Id(id) => ids.push(id.as_str()),
                Self::Binary(_, left, right) => open.extend([&**right, &**left]),
                Self::Call(_, arguments) => open.extend(arguments.iter().rev()),
            }
        }
        ids.into_iter()
    }

    /// Returns its value at a period, counted back from the newest, which is 0. `read` returns the value of a query.
    pub(crate) fn value(&self, back: usize, read: &impl Fn(&str, usize) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Id(id) => read(id, back),
            Self::Binary(operator, left, right) => {
                operator.apply(left.value(back, read)?, right.value(back, read)?)
            }
            Self::Call(function, arguments) => {
                let argument = |index: usize| arguments.get(index)?.value(back, read);
                let known = || arguments.iter().filter_map(|argument| argument.value(back, read));
                match function {
                    Function::Fill => argument(0).or_else(|| argument(1)),
                    Function::If if argument(0)? == 0.0 => argument(2),
                    Function::If => argument(1),
                    Function::Max => known().reduce(f64::max),
                    Function::Min => known().reduce(f64::min),
                    Function::Sum => known().reduce(|sum, value| sum + value),
                    Function::Average => {
                        let (sum, count) =
                            known().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
                        (count > 0.0).then(|| sum / count)
                    }
                    Function::Difference => {
                        let before = arguments.first()?.value(back + 1, read)?;
                        Some(argument(0)? - before)
                    }
                }
            }
        }
    }
}

impl Operator {
    #[expect(clippy::float_cmp, reason = "metric math compares exactly")]
    fn apply(self, left: f64, right: f64) -> Option<f64> {
        let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
        Some(match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide if right == 0.0 => return None,
            Self::Divide => left / right,
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::Equal => truth(left == right),
            Self::NotEqual => truth(left != right),
            Self::And => truth(left != 0.0 && right != 0.0),
            Self::Or => truth(left != 0.0 || right != 0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` is 6 and was 4, `b` is 2, `zero` is 0. `none` has no value.
    fn value(text: &str) -> Option<f64> {
        Expression::parse(text)
            .unwrap()
            .value(0, &|id, back| match (id, back) {
                ("a", 0) => Some(6.0),
                ("a", 1) => Some(4.0),
                ("b", _) => Some(2.0),
                ("zero", _) => Some(0.0),
                _ => None,
            })
    }

    #[test]
    fn expressions_have_the_usual_precedence() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 3 - 2", 5.0),
            ("-a + 7", 1.0),
            ("100 * b / (a + b)", 25.0),
            ("a > 1 AND b < 1", 0.0),
            ("a > 1 && b < 3 || zero", 1.0),
            ("a >= 6", 1.0),
            ("a != 6 OR b == 2", 1.0),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_missing_value_makes_the_result_missing_unless_it_is_filled() {
        assert_eq!(value("a + none"), None);
        assert_eq!(value("a / zero"), None);
        assert_eq!(value("a + FILL(none, 0)"), Some(6.0));
        assert_eq!(value("FILL(a, 0)"), Some(6.0));
        assert_eq!(value("SUM([a, none, b])"), Some(8.0));
    }

    #[test]
    fn functions_give_the_values_of_the_guide() {
        for (text, expected) in [
            ("IF(a > 5, b, 1)", Some(2.0)),
            ("IF(zero, b, 1)", Some(1.0)),
            ("IF(zero, b)", None),
            ("MAX([a, b])", Some(6.0)),
            ("MIN([a, b])", Some(2.0)),
            ("AVG([a, b])", Some(4.0)),
            ("DIFF(a)", Some(2.0)),
            ("DIFF(none)", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn the_ids_of_an_expression_are_found() {
        let expression = Expression::parse("IF(FILL(a, 0) > 1, b * 2, MAX([c, 7]))").unwrap();
        assert_eq!(expression.ids().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn a_text_that_is_not_supported_is_refused() {
        for text in [
            "",
            "a +",
            "(a",
            "a b",
            "SEARCH('x')",
            "ANOMALY_DETECTION_BAND(a)",
            "MAX(a)",
            "IF(a)",
            "a @ b",
            "1.2.3",
            "FILL(a)",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
