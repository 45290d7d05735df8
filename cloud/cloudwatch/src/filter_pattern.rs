//! The patterns of metric filters for JSON log lines.
//!
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters". Supported are comparisons of members with
//! numbers and texts, joined by `&&` or by `||`, as in `{ $.level = "ERROR" && $.count > 0 }`. An asterisk in a text stands for
//! any letters.

use serde_json::{Map, Value};

/// A pattern that selects JSON log lines.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterPattern {
    comparisons: Vec<Comparison>,
    /// Whether all comparisons must hold, or one.
    all: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    selector: Selector,
    operator: Operator,
    value: Operand,
}

/// A member of the line, such as `$.reason.code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Vec<String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Number(f64),
    Text(String),
}

/// A pattern that is not supported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the filter pattern `{0}`")]
pub struct FilterPatternError(String);

/// A longer operator stands before one that it begins with.
const OPERATORS: [(&str, Operator); 6] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl FilterPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The pattern is not one for JSON, or has a part that is not supported.
    pub fn parse(text: &str) -> Result<Self, FilterPatternError> {
        Self::read(text).ok_or_else(|| FilterPatternError(text.to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
        let (has_and, has_or) = (inner.contains("&&"), inner.contains("||"));
        if has_and && has_or {
            return None;
        }
        let separator = if has_or { "||" } else { "&&" };
        let comparisons = inner
            .split(separator)
            .map(Comparison::read)
            .collect::<Option<_>>()?;
        Some(Self {
            comparisons,
            all: !has_or,
        })
    }

    pub(crate) fn matches(&self, line: &Map<String, Value>) -> bool {
        let mut comparisons = self.comparisons.iter();
        if self.all {
            comparisons.all(|comparison| comparison.holds(line))
        } else {
            comparisons.any(|comparison| comparison.holds(line))
        }
    }
}

impl Selector {
    /// Parses `$.name` or `$.name.of.a.member`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let names: Vec<String> = text.strip_prefix("$.")?.split('.').map(str::to_owned).collect();
        let is_name = |name: &String| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        };
        names.iter().all(is_name).then_some(Self(names))
    }

    pub(crate) fn select<'l>(&self, line: &'l Map<String, Value>) -> Option<&'l Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter()
            .try_fold(line.get(first)?, |value, name| value.get(name))
    }
}

impl Comparison {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = text.find(['=', '!', '<', '>'])?;
        let (selector, rest) = text.split_at(at);
        let (sign, operator) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign))?;
        let value = rest[sign.len()..].trim();
        let value = if let Some(quoted) = value.strip_prefix('"') {
            Operand::Text(quoted.strip_suffix('"')?.to_owned())
        } else {
            Operand::Number(value.parse().ok()?)
        };
        let is_ordering = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if is_ordering && matches!(value, Operand::Text(_)) {
            return None;
        }
        Some(Self {
            selector: Selector::parse(selector.trim())?,
            operator: *operator,
            value,
        })
    }

    #[expect(clippy::float_cmp, reason = "a filter compares exactly")]
    fn holds(&self, line: &Map<String, Value>) -> bool {
        let Some(found) = self.selector.select(line) else {
            return false;
        };
        match &self.value {
            Operand::Text(pattern) => {
                let equal = found.as_str().is_some_and(|text| matches(pattern, text));
                equal == (self.operator == Operator::Equal)
            }
            Operand::Number(number) => found.as_f64().is_some_and(|found| match self.operator {
                Operator::Equal => found == *number,
                Operator::NotEqual => found != *number,
                Operator::Less => found < *number,
                Operator::LessOrEqual => found <= *number,
                Operator::Greater => found > *number,
                Operator::GreaterOrEqual => found >= *number,
            }),
        }
    }
}

/// Compares with a pattern in which an asterisk stands for any letters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(pattern: &str) -> bool {
        let line = json!({"level": "ERROR", "count": 3, "reason": {"code": "throttled"}, "zero": 0});
        FilterPattern::parse(pattern)
            .unwrap()
            .matches(line.as_object().unwrap())
    }

    #[test]
    fn lines_are_selected_by_their_members() {
        for pattern in [
            "{ $.count > 0 }",
            "{$.count>=3}",
            r#"{ $.level = "ERROR" }"#,
            r#"{ $.level = "ERR*" && $.count != 4 }"#,
            r#"{ $.reason.code = "*ott*ed" || $.zero = 1 }"#,
        ] {
            assert!(selects(pattern), "{pattern}");
        }
        for pattern in [
            "{ $.zero > 0 }",
            "{ $.absent != 1 }",
            r#"{ $.level != "ERROR" }"#,
            r#"{ $.level = "ERRO" }"#,
            r#"{ $.reason.code = "throttled" && $.count < 3 }"#,
            r#"{ $.count = "3" }"#,
        ] {
            assert!(!selects(pattern), "{pattern}");
        }
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in [
            "ERROR",
            "{ $.a IS NULL }",
            r#"{ $.a > "b" }"#,
            "{ a = 1 }",
            "{ $.a = 1 && $.b = 2 || $.c = 3 }",
            "{ $.a[0] = 1 }",
            "",
        ] {
            assert!(FilterPattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
