//! The tokens of a JSON text, and where AWS's parser (Jackson) stands at each.

use serde::de::IgnoredAny;

/// A token. Numbers keep their text, so that no digit is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Name(String),
    Text(String),
    Number(String),
    True,
    False,
    Null,
}

impl Token {
    /// The text that messages show for the token.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::StartObject => "{",
            Self::EndObject => "}",
            Self::StartArray => "[",
            Self::EndArray => "]",
            Self::Name(text) | Self::Text(text) | Self::Number(text) => text,
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
        }
    }
}

/// A token with its positions, as numbers of bytes.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    /// Where the parser stands when it has found the token. It reads a string only when somebody asks for its text, so it
    /// stands behind the opening quote.
    pub(crate) found: usize,
    /// The end of the token.
    pub(crate) end: usize,
}

/// Reads all tokens. The error is that of serde, for a text that is not JSON.
pub(crate) fn tokenize(text: &str) -> Result<Vec<Placed>, serde_json::Error> {
    // From here on the text is valid JSON, at most 128 levels deep.
    serde_json::from_str::<IgnoredAny>(text)?;
    let mut scanner = Scanner { text, at: 0 };
    let mut tokens: Vec<Placed> = Vec::new();
    while let Some(placed) = scanner.next_token() {
        tokens.push(placed);
    }
    Ok(tokens)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn next_token(&mut self) -> Option<Placed> {
        let rest = &self.text[self.at..];
        let skipped = rest.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']);
        let start = self.text.len() - skipped.len();
        let first = skipped.chars().next()?;
        let (token, end) = match first {
            '{' => (Token::StartObject, start + 1),
            '}' => (Token::EndObject, start + 1),
            '[' => (Token::StartArray, start + 1),
            ']' => (Token::EndArray, start + 1),
            '"' => self.text_from(start),
            _ => self.plain_from(start),
        };
        self.at = end;
        let is_string = matches!(token, Token::Text(_) | Token::Name(_));
        let found = if is_string { start + 1 } else { end };
        Some(Placed { token, found, end })
    }

    fn text_from(&self, start: usize) -> (Token, usize) {
        let mut escaped = false;
        let inside = &self.text[start + 1..];
        let length = inside.find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let end = start + 1 + length.unwrap_or(inside.len()) + 1;
        let text = self.text.get(start..end).unwrap_or_default();
        // A valid text has valid strings.
        let value: String = serde_json::from_str(text).unwrap_or_default();
        let is_name = self.text[end.min(self.text.len())..]
            .trim_start_matches([' ', '\t', '\r', '\n'])
            .starts_with(':');
        let token = if is_name {
            Token::Name(value)
        } else {
            Token::Text(value)
        };
        (token, end)
    }

    fn plain_from(&self, start: usize) -> (Token, usize) {
        let rest = &self.text[start..];
        let length = rest
            .find([' ', '\t', '\r', '\n', ',', ':', '}', ']'])
            .unwrap_or(rest.len());
        let token = match &rest[..length] {
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            number => Token::Number(number.to_owned()),
        };
        (token, start + length.max(1))
    }
}

/// Returns the line and the column of a position, from one. Columns count as in Java, where some characters count twice.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .encode_utf16()
        .count()
        + 1;
    (line, column)
}
