//! Limits of statements and expressions that are checked before the engine sees them.
//!
//! The engine's parsers call themselves for each level of nesting. A text that is nested deep enough would end the whole program,
//! because a thread without stack cannot be caught as a panic.
//!
//! Sources: DynamoDB API Reference, `ExecuteStatement` (a statement has at most 8192 characters); DynamoDB Developer Guide,
//! "Quotas" (an expression has at most 4 KB and at most 300 operators).

use cloud_wire::Members;
use dynoxide::errors::DynoxideError;

/// The maximum length of a statement, in characters.
const STATEMENT_CHARACTERS: usize = 8192;
/// The maximum length of an expression, in bytes.
const EXPRESSION_BYTES: usize = 4096;
/// The maximum nesting here, far above the 32 levels that an item can have. DynamoDB's own number is not documented.
const DEPTH: usize = 100;
/// The maximum number of `NOT`. Each is an operator, and nests the rest.
const OPERATORS: usize = 300;

const EXPRESSIONS: [&str; 5] = [
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
];

/// Checks the statements and expressions of a request. A body that is no JSON is left to the engine.
pub(crate) fn check(body: &str) -> Result<(), DynoxideError> {
    // Most requests are small enough to be within all limits.
    if body.len() <= DEPTH {
        return Ok(());
    }
    let request = Members::of(body.as_bytes());
    check_statement(&request, "statement")?;
    check_expressions(&request)?;
    for list in ["Statements", "TransactStatements"] {
        for (index, one) in request.objects(list).enumerate() {
            let at = format!(
                "{}{}.{}.member.statement",
                list[..1].to_lowercase(),
                &list[1..],
                index + 1
            );
            check_statement(&one, &at)?;
        }
    }
    for item in request.objects("TransactItems") {
        item.all().try_for_each(|(_, one)| check_expressions(&one))?;
    }
    for (_, table) in request.object("RequestItems").all() {
        check_expressions(&table)?;
    }
    Ok(())
}

fn check_statement(request: &Members<'_>, at: &str) -> Result<(), DynoxideError> {
    let Some(statement) = request.text("Statement") else {
        return Ok(());
    };
    if statement.chars().count() > STATEMENT_CHARACTERS {
        return Err(DynoxideError::ValidationException(format!(
            "1 validation error detected: Value at '{at}' failed to satisfy constraint: Member must have length less than or \
             equal to {STATEMENT_CHARACTERS}"
        )));
    }
    if is_too_deep(&statement) {
        let text = "Statement wasn't well formed, can't be processed: it is nested too deep";
        return Err(DynoxideError::ValidationException(text.to_owned()));
    }
    Ok(())
}

fn check_expressions(request: &Members<'_>) -> Result<(), DynoxideError> {
    for name in EXPRESSIONS {
        let Some(expression) = request.text(name) else {
            continue;
        };
        let problem = if expression.len() > EXPRESSION_BYTES {
            format!(
                "Expression size has exceeded the maximum allowed size; expression size: {}",
                expression.len()
            )
        } else if is_too_deep(&expression) {
            "The expression is nested too deep".to_owned()
        } else {
            continue;
        };
        return Err(DynoxideError::ValidationException(format!(
            "Invalid {name}: {problem}"
        )));
    }
    Ok(())
}

/// Whether brackets or `NOT` nest too deep. A bracket between quotes does not count.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut operators, mut quote) = (0_usize, 0, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return true;
        }
    }
    for word in text.split(|character: char| !character.is_ascii_alphanumeric()) {
        operators += usize::from(word.eq_ignore_ascii_case("NOT"));
    }
    operators > OPERATORS
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(request: &Value) -> Option<String> {
        check(&request.to_string()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_statement_has_a_length_and_a_depth() {
        let statement = |condition: &str| format!("SELECT * FROM t WHERE {condition}");
        let nested = |levels: usize| format!("{}a=1{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(refused(&json!({"Statement": statement(&nested(DEPTH))})), None);
        assert_eq!(
            refused(&json!({"Statement": statement(&format!("a='{}'", "(".repeat(500)))})),
            None
        );
        for bad in [
            nested(DEPTH + 1),
            "NOT ".repeat(OPERATORS + 1) + "a",
            "x".repeat(8192),
        ] {
            let one = json!({"Statement": statement(&bad)});
            for request in [
                one.clone(),
                json!({"Statements": [one]}),
                json!({"TransactStatements": [one]}),
            ] {
                assert!(refused(&request).is_some(), "{bad:.20}");
            }
        }
    }

    #[test]
    fn an_expression_has_a_length_and_a_depth() {
        let deep = format!("{}a{}", "(".repeat(DEPTH + 1), ")".repeat(DEPTH + 1));
        for name in EXPRESSIONS {
            for bad in [deep.clone(), "x".repeat(EXPRESSION_BYTES + 1)] {
                let one = json!({ name: bad });
                for request in [
                    one.clone(),
                    json!({"TransactItems": [{"Update": one}]}),
                    json!({"RequestItems": {"t": one}}),
                ] {
                    let error = refused(&request).unwrap();
                    assert!(error.contains(&format!("Invalid {name}")), "{error}");
                }
            }
            assert_eq!(refused(&json!({ name: "x".repeat(EXPRESSION_BYTES) })), None);
        }
    }
}
