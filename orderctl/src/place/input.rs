//! Reading orders from files.

use std::io::Read;

use anyhow::Context;
use serde_json::Value;
use serde_json::value::RawValue;
use terminal::exit::UsageError;
use terminal::text::quote;

/// The byte order mark that some editors write at the start of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The orders of all files.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    /// The text of one order. The API says what is wrong with it.
    One(Vec<u8>),
    /// The orders of an array, of JSON Lines, or of several files.
    Many(Vec<Value>),
}

/// Reads the files. Nothing is sent unless all of them can be read.
pub(super) fn read(files: &[String]) -> anyhow::Result<Input> {
    if files.iter().filter(|file| *file == "-").count() > 1 {
        return Err(UsageError("standard input can be read only once: give - once".to_owned()).into());
    }
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        texts.push((file.as_str(), read_file(file)?));
    }
    if let [(file, text)] = &texts[..] {
        return parse(file, text);
    }
    let mut orders = Vec::new();
    for (file, text) in &texts {
        match parse(file, text)? {
            Input::One(text) => orders.push(parse_order(file, &text)?),
            Input::Many(many) => orders.extend(many),
        }
    }
    Ok(Input::Many(orders))
}

fn read_file(file: &str) -> anyhow::Result<Vec<u8>> {
    if file == "-" {
        let mut text = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut text);
        read.context("standard input cannot be read")?;
        return Ok(text);
    }
    std::fs::read(file).with_context(|| format!("{} cannot be read", quote(file)))
}

/// Tells one order, an array and JSON Lines apart.
fn parse(file: &str, text: &[u8]) -> anyhow::Result<Input> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        let orders: Vec<&RawValue> = serde_json::from_slice(text)
            .with_context(|| format!("{} is no JSON array of orders", quote(file)))?;
        anyhow::ensure!(!orders.is_empty(), "{} holds no order", quote(file));
        return parse_all(file, orders.into_iter().map(Ok));
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let (Some(Ok(first)), Some(second)) = (values.next(), values.next()) else {
        // One order, or a text that is no JSON: the API says what is wrong with it.
        return Ok(Input::One(text.to_vec()));
    };
    parse_all(file, [Ok(first), second].into_iter().chain(values))
}

fn parse_all<'a>(
    file: &str,
    orders: impl Iterator<Item = Result<&'a RawValue, serde_json::Error>>,
) -> anyhow::Result<Input> {
    let parse = |(index, order): (usize, Result<&RawValue, serde_json::Error>)| {
        let name = || format!("order {} of {} is not JSON", index + 1, quote(file));
        strict(order.with_context(name)?.get().as_bytes()).with_context(name)
    };
    let orders: anyhow::Result<_> = orders.enumerate().map(parse).collect();
    Ok(Input::Many(orders?))
}

fn parse_order(file: &str, text: &[u8]) -> anyhow::Result<Value> {
    strict(text).with_context(|| format!("{} is not JSON", quote(file)))
}

/// Reads one order by the rules of the API. It refuses a name that an object has twice, of which this command would send only the last.
fn strict(text: &[u8]) -> anyhow::Result<Value> {
    Ok(json_document::parse(text)?.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn many(text: &str) -> Vec<Value> {
        match parse("f", text.as_bytes()).unwrap() {
            Input::Many(orders) => orders,
            Input::One(_) => panic!("{text} is one order"),
        }
    }

    #[test]
    fn an_array_and_json_lines_are_many_orders() {
        let two = vec![json!({"a": 1}), json!({"a": 2})];
        for text in [
            r#"[{"a": 1}, {"a": 2}]"#,
            "{\"a\": 1}\n{\"a\": 2}\n",
            "{\"a\": 1}\r\n\r\n{\"a\": 2}",
            "\u{feff}{\"a\": 1}\n{\"a\": 2}",
            "\u{feff} [{\"a\": 1}, {\"a\": 2}]",
        ] {
            assert_eq!(many(text), two, "{text}");
        }
    }

    #[test]
    fn one_order_is_sent_as_it_is_without_a_byte_order_mark() {
        for text in ["{\"a\":  1}\n", "no JSON", ""] {
            let input = parse("f", format!("\u{feff}{text}").as_bytes()).unwrap();
            assert_eq!(input, Input::One(text.as_bytes().to_vec()));
        }
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = parse("my orders", b"{}\n{}\n{\n").unwrap_err().to_string();
        assert_eq!(error, "order 3 of 'my orders' is not JSON");
        assert!(parse("f", b"[]").is_err());
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        for text in [r#"[{}, {"a": {"b": 1, "b": 2}}]"#, "{}\n{\"a\": 1, \"a\": 2}\n"] {
            let error = format!("{:#}", parse("f", text.as_bytes()).unwrap_err());
            assert!(error.starts_with("order 2 of f is not JSON: "), "{error}");
            assert!(error.contains("same key twice"), "{error}");
        }
        assert!(parse_order("f", br#"{"a": 1, "a": 1}"#).is_err());
    }
}
