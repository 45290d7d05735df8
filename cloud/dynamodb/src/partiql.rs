//! Reads the kind and the table of a `PartiQL` statement.
//!
//! If this parser and the engine read a statement differently, a forbidden statement could be allowed. So the
//! parser is strict: it returns `None` for every statement that is not clearly one of the four kinds, and the
//! call is denied.

/// The kind of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Select,
    Insert,
    Update,
    Delete,
}

/// The parts of a statement that its permission depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) table: String,
    pub(super) index: Option<String>,
}

impl Kind {
    /// Returns the IAM action. Source: DynamoDB Developer Guide, "IAM security policies with PartiQL for
    /// DynamoDB".
    pub(super) fn action(self) -> &'static str {
        match self {
            Self::Select => "dynamodb:PartiQLSelect",
            Self::Insert => "dynamodb:PartiQLInsert",
            Self::Update => "dynamodb:PartiQLUpdate",
            Self::Delete => "dynamodb:PartiQLDelete",
        }
    }

    /// Returns the keywords that may follow the table, and whether the statement may end there.
    fn followers(self) -> (&'static [&'static str], bool) {
        match self {
            Self::Select => (&["WHERE", "ORDER"], true),
            Self::Insert => (&["VALUE"], false),
            Self::Update => (&["SET", "REMOVE"], false),
            Self::Delete => (&["WHERE", "RETURNING"], true),
        }
    }
}

/// Reads the kind and the table of a statement. Returns `None` for a statement that it does not know.
pub(super) fn parse(statement: &str) -> Option<Statement> {
    let mut tokens = tokens(statement)?.into_iter();
    let first = tokens.next()?;
    let kind = if first.is_word("SELECT") {
        tokens.find(|token| token.is_word("FROM"))?;
        Kind::Select
    } else if first.is_word("INSERT") {
        tokens.next().filter(|token| token.is_word("INTO"))?;
        Kind::Insert
    } else if first.is_word("UPDATE") {
        Kind::Update
    } else if first.is_word("DELETE") {
        tokens.next().filter(|token| token.is_word("FROM"))?;
        Kind::Delete
    } else if first.is_word("EXISTS") {
        // A condition in a transaction: `EXISTS(SELECT ...)`.
        return tokens
            .next()
            .filter(|token| *token == Token::Sign('('))
            .and_then(|_| {
                tokens.next().filter(|token| token.is_word("SELECT"))?;
                tokens.find(|token| token.is_word("FROM"))?;
                target(Kind::Select, tokens)
            });
    } else {
        return None;
    };
    target(kind, tokens)
}

/// Reads `table` or `table.index`, and checks the token after it.
fn target(kind: Kind, mut tokens: impl Iterator<Item = Token>) -> Option<Statement> {
    let table = tokens.next()?.into_name()?;
    let mut next = tokens.next();
    let mut index = None;
    if next == Some(Token::Sign('.')) {
        index = Some(tokens.next()?.into_name()?);
        next = tokens.next();
    }
    let (followers, may_end) = kind.followers();
    let is_sound = match next {
        None | Some(Token::Sign(';')) => may_end,
        Some(token) => followers.iter().any(|word| token.is_word(word)),
    };
    is_sound.then_some(Statement { kind, table, index })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A keyword, a plain name or a number.
    Word(String),
    /// A name between double quotes.
    Quoted(String),
    /// A string or an Ion literal. Its content is not needed.
    Literal,
    Sign(char),
}

impl Token {
    fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn into_name(self) -> Option<String> {
        match self {
            Self::Word(name) | Self::Quoted(name) if !name.is_empty() => Some(name),
            _ => None,
        }
    }
}

/// Splits a statement into tokens. Returns `None` if a quote or a comment is not closed.
fn tokens(statement: &str) -> Option<Vec<Token>> {
    let mut rest = statement;
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = match first {
            _ if first.is_ascii_whitespace() => after,
            '-' if after.starts_with('-') => after.split_once('\n').map_or("", |(_, rest)| rest),
            '/' if after.starts_with('*') => after[1..].split_once("*/")?.1,
            '\'' => {
                tokens.push(Token::Literal);
                quoted(after, '\'')?.1
            }
            '`' => {
                tokens.push(Token::Literal);
                after.split_once('`')?.1
            }
            '"' => {
                let (name, rest) = quoted(after, '"')?;
                tokens.push(Token::Quoted(name));
                rest
            }
            _ if is_word(first) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
            sign => {
                tokens.push(Token::Sign(sign));
                after
            }
        };
    }
    Some(tokens)
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Returns the text before the closing quote, and the rest after it. A doubled quote stands for one quote in
/// the text.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once(quote)?;
        content.push_str(before);
        match after.strip_prefix(quote) {
            Some(more) => {
                content.push(quote);
                rest = more;
            }
            None => return Some((content, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(statement: &str) -> Option<(Kind, String, Option<String>)> {
        parse(statement).map(|found| (found.kind, found.table, found.index))
    }

    #[test]
    fn kind_and_table_are_read() {
        for (statement, kind) in [
            ("INSERT INTO \"orders\" VALUE {'order_id': ?}", Kind::Insert),
            ("insert into orders value {'a': 'UPDATE x SET'}", Kind::Insert),
            (
                "UPDATE \"orders\" SET a = ? WHERE order_id = ? AND notified_at IS MISSING",
                Kind::Update,
            ),
            ("UPDATE orders REMOVE a WHERE b = ?", Kind::Update),
            ("DELETE FROM \"orders\" WHERE order_id = ?", Kind::Delete),
            ("/* SELECT */ DELETE -- FROM x\n FROM orders", Kind::Delete),
            ("SELECT a, \"FROM\" FROM orders WHERE b = ?", Kind::Select),
            ("SELECT * FROM orders;", Kind::Select),
            ("EXISTS(SELECT * FROM orders WHERE b = ?)", Kind::Select),
        ] {
            assert_eq!(
                read(statement),
                Some((kind, "orders".to_owned(), None)),
                "{statement}"
            );
        }
        let index = read("SELECT * FROM \"orders\".\"by_customer\" WHERE c = ?").unwrap();
        assert_eq!(index.2.as_deref(), Some("by_customer"));
        assert_eq!(read("DELETE FROM \"a\"\"b\" WHERE c = ?").unwrap().1, "a\"b");
    }

    #[test]
    fn unclear_statements_are_not_parsed() {
        for statement in [
            "",
            ";",
            "FROM orders WHERE a = ? SET b = ?",
            "UPSERT INTO orders VALUE {}",
            "INSERT orders VALUE {}",
            "INSERT INTO orders-dlq VALUE {}",
            "UPDATE orders AS o SET a = ?",
            "UPDATE 'orders' SET a = ?",
            "DELETE FROM \"orders WHERE a = ?",
            "/* DELETE FROM orders",
            "SELECT *",
            "\u{a0}DELETE FROM orders",
        ] {
            assert_eq!(read(statement), None, "{statement}");
        }
    }
}
