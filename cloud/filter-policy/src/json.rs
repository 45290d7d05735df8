//! JSON values with exact numbers.

use crate::decimal::Decimal;
use crate::tokens::{Placed, Token, tokenize};

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses a text. Returns `None` if it is not JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let tokens = tokenize(text).ok()?;
        read(&mut tokens.into_iter())
    }
}

fn read(tokens: &mut impl Iterator<Item = Placed>) -> Option<Json> {
    let token = tokens.next()?.token;
    read_from(token, tokens)
}

fn read_from(token: Token, tokens: &mut impl Iterator<Item = Placed>) -> Option<Json> {
    Some(match token {
        Token::Null => Json::Null,
        Token::True => Json::Bool(true),
        Token::False => Json::Bool(false),
        Token::Number(text) => Json::Number(Decimal::parse(&text)?),
        Token::Text(text) | Token::Name(text) => Json::Text(text),
        Token::StartArray => {
            let mut items = Vec::new();
            loop {
                match tokens.next()?.token {
                    Token::EndArray => break Json::Array(items),
                    token => items.push(read_from(token, tokens)?),
                }
            }
        }
        Token::StartObject => {
            let mut fields = Vec::new();
            loop {
                match tokens.next()?.token {
                    Token::EndObject => break Json::Object(fields),
                    Token::Name(name) => fields.push((name, read(tokens)?)),
                    _ => return None,
                }
            }
        }
        Token::EndArray | Token::EndObject => return None,
    })
}
