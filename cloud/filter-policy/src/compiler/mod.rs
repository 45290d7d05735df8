//! Reads the tokens of a policy in the order in which AWS's library reads them, so that the first fault that it finds is the
//! first one here, at the same position.
//!
//! Source: the messages of Event Ruler, AWS's library, and the answers that a public suite recorded.

mod numeric;
mod reader;

use self::reader::Reader;
use crate::cidr::Cidr;
use crate::clause::{Clause, Field};
use crate::condition::{AnythingBut, Condition};
use crate::error::PolicyError;
use crate::tokens::{Placed, Token, line_and_column};
use crate::wildcard::Wildcard;

/// The words of the operators. A key with such a name is no clause of `$or`.
const OPERATORS: [&str; 8] = [
    "exactly",
    "prefix",
    "suffix",
    "equals-ignore-case",
    "wildcard",
    "numeric",
    "anything-but",
    "exists",
];
const ONE_KEY: &str = "Only one key allowed in match expression";

/// Returns the error for a text that is not JSON. The words of the first case are recorded, the others are those of serde.
pub(crate) fn not_json(text: &str, error: &serde_json::Error) -> PolicyError {
    let trimmed = text.trim_start();
    let inside = trimmed.strip_prefix('{').map(str::trim_start);
    if let Some(found) = inside.and_then(|inside| inside.chars().next())
        && !matches!(found, '"' | '}')
    {
        let at = text.len() - inside.map_or(0, str::len);
        let (line, column) = line_and_column(text, at);
        let reason = format!(
            "failed to parse JSON. Unexpected character ('{found}' (code {})): was expecting double-quote to start field name",
            u32::from(found)
        );
        return PolicyError::at(&reason, line, column);
    }
    PolicyError::new(format!("failed to parse JSON. {error}"))
}

/// Compiles a policy.
pub(crate) fn compile(text: &str, tokens: &[Placed]) -> Result<Clause, PolicyError> {
    let mut reader = Reader::new(text, tokens);
    if reader.next() != &Token::StartObject {
        return Err(reader.fault("Filter is not an object"));
    }
    // An empty policy accepts everything, and has no faults.
    if tokens.len() == 2 {
        return Ok(Clause::default());
    }
    reader.clause()
}

impl Reader<'_> {
    /// Reads an object up to its end. Its start was read.
    fn clause(&mut self) -> Result<Clause, PolicyError> {
        let mut fields: Vec<(String, Field)> = Vec::new();
        loop {
            let key = match self.next() {
                Token::Name(key) => key,
                _ if fields.is_empty() => return Err(self.fault("Empty objects are not allowed")),
                _ => return Ok(Clause(fields)),
            };
            let field = match self.next() {
                Token::StartObject => Field::Nested(self.clause()?),
                Token::StartArray if key == "$or" && self.is_alternatives() => self.alternatives()?,
                Token::StartArray => Field::Values(self.conditions()?),
                _ => return Err(self.fault(&format!("\"{key}\" must be an object or an array"))),
            };
            // Of a key that stands twice, the last value counts.
            fields.retain(|(other, _)| other != key);
            fields.push((key.clone(), field));
        }
    }

    /// Whether the array is an operator: at least two objects, none of which is a condition.
    fn is_alternatives(&self) -> bool {
        let (mut depth, mut objects, mut ahead) = (0_usize, 0_usize, 0);
        while let Some(token) = self.peek(ahead) {
            match token {
                Token::EndArray if depth == 0 => return objects >= 2,
                Token::StartObject if depth == 0 => {
                    match self.peek(ahead + 1) {
                        Some(Token::Name(name)) if !OPERATORS.contains(&name.as_str()) && name != "cidr" => {}
                        _ => return false,
                    }
                    objects += 1;
                    depth = 1;
                }
                _ if depth == 0 => return false,
                Token::StartObject | Token::StartArray => depth += 1,
                Token::EndObject | Token::EndArray => depth -= 1,
                _ => {}
            }
            ahead += 1;
        }
        false
    }

    fn alternatives(&mut self) -> Result<Field, PolicyError> {
        let mut clauses = Vec::new();
        while self.next() == &Token::StartObject {
            clauses.push(self.clause()?);
        }
        Ok(Field::Either(clauses))
    }

    /// Reads an array of conditions up to its end. Its start was read.
    fn conditions(&mut self) -> Result<Vec<Condition>, PolicyError> {
        let mut conditions = Vec::new();
        loop {
            conditions.push(match self.next() {
                Token::EndArray if conditions.is_empty() => {
                    return Err(self.fault("Empty arrays are not allowed"));
                }
                Token::EndArray => return Ok(conditions),
                Token::StartObject => self.expression()?,
                Token::Text(text) => Condition::Text(text.clone()),
                Token::Number(text) => Condition::Number(self.decimal(text)?),
                Token::Null => Condition::Null,
                Token::True => Condition::Bool(true),
                Token::False => Condition::Bool(false),
                _ => {
                    return Err(self.fault("Match value must be String, number, true, false, or null"));
                }
            });
        }
    }

    /// Reads an object with one operator up to its end. Its start was read.
    fn expression(&mut self) -> Result<Condition, PolicyError> {
        let Token::Name(operator) = self.next() else {
            return Err(self.fault("Match expression name not found"));
        };
        let condition = match operator.as_str() {
            "exactly" => Condition::Text(self.pattern("exact match")?),
            "prefix" => Condition::Prefix(self.pattern("prefix match")?),
            "suffix" => Condition::Suffix(self.pattern("suffix match")?),
            "equals-ignore-case" => {
                Condition::EqualsIgnoreCase(self.pattern("equals-ignore-case match")?.to_lowercase())
            }
            "wildcard" => Condition::Wildcard(Wildcard::parse(&self.pattern("wildcard match")?)?),
            // AWS names the wrong operator here.
            "cidr" => Condition::Cidr(Cidr::parse(&self.pattern("prefix match")?)?),
            "exists" => match self.next() {
                Token::True => Condition::Exists(true),
                Token::False => Condition::Exists(false),
                _ => return Err(self.fault("exists match pattern must be either true or false.")),
            },
            "numeric" => {
                if self.next() != &Token::StartArray {
                    return Err(self.fault("Value of numeric must be an array."));
                }
                Condition::Numeric(self.range()?)
            }
            "anything-but" => Condition::AnythingBut(self.anything_but()?),
            operator => return Err(self.fault(&format!("Unrecognized match type {operator}"))),
        };
        let too_many = match operator.as_str() {
            "numeric" | "anything-but" => reader::TOO_MANY_ELEMENTS,
            _ => ONE_KEY,
        };
        if self.next() == &Token::EndObject {
            Ok(condition)
        } else {
            Err(self.fault(too_many))
        }
    }

    fn pattern(&mut self, operator: &str) -> Result<String, PolicyError> {
        match self.next() {
            Token::Text(text) => Ok(text.clone()),
            _ => Err(self.fault(&format!("{operator} pattern must be a string"))),
        }
    }

    fn anything_but(&mut self) -> Result<AnythingBut, PolicyError> {
        match self.next() {
            Token::Text(text) => Ok(AnythingBut::Texts(vec![text.clone()])),
            Token::Number(text) => Ok(AnythingBut::Numbers(vec![self.decimal(text)?])),
            Token::StartArray => self.anything_but_list(),
            Token::StartObject => {
                let Token::Name(operator) = self.next() else {
                    return Err(self.fault("Anything-But expression name not found"));
                };
                // Recorded: `suffix` is refused, although Event Ruler knows it by now.
                if operator != "prefix" {
                    return Err(self.fault(&format!("Unsupported anything-but pattern: {operator}")));
                }
                let prefix = self.pattern("prefix match")?;
                if prefix.is_empty() {
                    return Err(self.fault_behind("Null prefix not allowed"));
                }
                match self.next() {
                    Token::EndObject => Ok(AnythingBut::Prefix(prefix)),
                    _ => Err(self.fault(ONE_KEY)),
                }
            }
            _ => Err(self.fault("Value of anything-but must be an array or single string/number value.")),
        }
    }

    fn anything_but_list(&mut self) -> Result<AnythingBut, PolicyError> {
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        loop {
            match self.next() {
                Token::EndArray => break,
                Token::Text(text) => texts.push(text.clone()),
                Token::Number(text) => numbers.push(self.decimal(text)?),
                _ => {
                    return Err(self.fault("Inside anything but list, start|null|boolean is not supported."));
                }
            }
        }
        match (texts.is_empty(), numbers.is_empty()) {
            (false, true) => Ok(AnythingBut::Texts(texts)),
            (true, false) => Ok(AnythingBut::Numbers(numbers)),
            _ => Err(self.fault(
                "Inside anything but list, either all values are number or string, mixed type is not supported",
            )),
        }
    }
}
