//! Parses metric math by recursive descent.

use super::syntax::{Expression, Function, Operator};

/// Longest nesting of parentheses and calls, so that a text cannot overflow the stack.
const MAX_DEPTH: usize = 32;

pub(super) struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

/// Operators by rising precedence. A longer one stands before one that it begins with.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("||", Operator::Or), ("OR ", Operator::Or)],
    &[("&&", Operator::And), ("AND ", Operator::And)],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

type Parsed = Result<Expression, String>;

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            rest: text.trim_start(),
            depth: 0,
        }
    }

    pub(super) fn parse(mut self) -> Parsed {
        let expression = self.binary(0)?;
        if self.rest.is_empty() {
            Ok(expression)
        } else {
            Err(format!("`{}` is not expected", self.rest))
        }
    }

    fn binary(&mut self, level: usize) -> Parsed {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(text, _)| self.take(text)) {
            let right = self.binary(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        if self.take("-") {
            let zero = Box::new(Expression::Number(0.0));
            return Ok(Expression::Binary(
                Operator::Subtract,
                zero,
                Box::new(self.operand()?),
            ));
        }
        self.operand()
    }

    fn operand(&mut self) -> Parsed {
        if self.take("(") {
            let inner = self.nested()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let word = self.word();
        let Some(first) = word.chars().next() else {
            return Err("a value is missing".to_owned());
        };
        if first.is_ascii_digit() {
            let number = word.parse();
            return number
                .map(Expression::Number)
                .map_err(|_| format!("`{word}` is no number"));
        }
        if self.take("(") {
            return self.call(word);
        }
        Ok(Expression::Id(word.to_owned()))
    }

    fn call(&mut self, name: &str) -> Parsed {
        use Function::{Average, Difference, Fill, If, Max, Min, Sum};
        let (function, counts) = match name {
            "FILL" => (Fill, 2..=2),
            "IF" => (If, 2..=3),
            "DIFF" => (Difference, 1..=1),
            "MAX" => (Max, 1..=usize::MAX),
            "MIN" => (Min, 1..=usize::MAX),
            "SUM" => (Sum, 1..=usize::MAX),
            "AVG" => (Average, 1..=usize::MAX),
            _ => return Err(format!("the function `{name}` is not supported")),
        };
        // Of one series these functions give a single number on AWS, which no alarm needs.
        let is_list = matches!(function, Max | Min | Sum | Average);
        if is_list {
            self.expect("[")?;
        }
        let mut arguments = vec![self.nested()?];
        while self.take(",") {
            arguments.push(self.nested()?);
        }
        if is_list {
            self.expect("]")?;
        }
        self.expect(")")?;
        if !counts.contains(&arguments.len()) {
            return Err(format!("`{name}` does not take {} arguments", arguments.len()));
        }
        Ok(Expression::Call(function, arguments))
    }

    fn nested(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deeply".to_owned());
        }
        let inner = self.binary(0);
        self.depth -= 1;
        inner
    }

    /// Takes a name or a number.
    fn word(&mut self) -> &'t str {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        let end = self
            .rest
            .find(|letter| !is_part(letter))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word
    }

    fn take(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else {
            return false;
        };
        self.rest = rest.trim_start();
        true
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.take(text) {
            Ok(())
        } else {
            Err(format!("`{text}` is missing"))
        }
    }
}
