//! Parses a book, and lists every violation.

use json_document::Value;
use order_core::fields::Fields;
use order_core::{Currency, Money, Pointer, Violations};
use timestamp::Timestamp;

use super::{Author, Book, MAX_AUTHORS, Stock, Title};
use crate::isbn::Isbn;

impl Book {
    /// Parses a book that somebody adds or changes at the moment `now`.
    pub fn accept<'a>(document: impl Into<Value<'a>>, now: Timestamp) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let book = parse(&document.into(), now, &mut violations);
        match book {
            Some(book) if violations.is_empty() => Ok(book),
            _ => Err(violations),
        }
    }
}

fn parse(document: &Value<'_>, now: Timestamp, violations: &mut Violations) -> Option<Book> {
    let mut fields = Fields::of(document, Pointer::WHOLE, violations)?;
    let isbn = fields.required_text("isbn", str::parse::<Isbn>, violations);
    let title = fields.required_text("title", Title::parse, violations);
    let authors = fields.required("authors", violations);
    let authors = authors.and_then(|value| parse_authors(value, violations));
    let currency = fields.required_text("currency", |code| Currency::accept(code, now), violations);
    let price = if let Some(currency) = currency {
        fields.required_text("price", |text| Money::parse(text, currency), violations)
    } else {
        // Without its currency nobody knows how many decimals a price has.
        fields.required("price", violations);
        None
    };
    let stock = fields.optional_text("stock", Stock::parse, violations);
    fields.finish(violations);
    Some(Book {
        isbn: isbn?,
        title: title?,
        authors: authors?,
        price: price?,
        stock: stock.ok()?.unwrap_or(Stock::InStock),
    })
}

fn parse_authors(value: &Value<'_>, violations: &mut Violations) -> Option<Vec<Author>> {
    let Value::Array(values) = value else {
        violations.push("/authors", "must be an array");
        return None;
    };
    if !(1..=MAX_AUTHORS).contains(&values.len()) {
        violations.push("/authors", format!("must have 1 to {MAX_AUTHORS} authors"));
        return None;
    }
    let authors: Vec<Option<Author>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let result = match value {
                Value::String(text) => Author::parse(text).map_err(|error| error.to_string()),
                _ => Err("must be a string".to_owned()),
            };
            result
                .map_err(|detail| violations.push(format!("/authors/{index}"), detail))
                .ok()
        })
        .collect();
    authors.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn accept(document: &Value) -> Result<Book, String> {
        let now = "2026-11-29T00:00:00.000Z".parse().unwrap();
        Book::accept(document, now).map_err(|violations| violations.to_string())
    }

    #[test]
    fn a_book_is_read() {
        let book = accept(&json!({
            "isbn": "0-306-40615-2", "title": "The Lighthouse Index", "authors": ["Mara Quill"],
            "price": "1250", "currency": "JPY",
        }))
        .unwrap();
        assert_eq!(book.isbn.as_str(), "9780306406157");
        assert_eq!(
            (book.price.decimal().as_str(), book.stock),
            ("1250", Stock::InStock)
        );
    }

    #[test]
    fn every_violation_is_listed_at_once() {
        let texts = [
            accept(&json!([])),
            accept(&json!({})),
            accept(&json!({
                "isbn": "9780306406158", "title": " ", "authors": ["A\nB", 1], "price": "12.5", "currency": "EUR",
                "stock": "many", "pages": 12,
            })),
            accept(&json!({
                "isbn": 1, "title": "T", "authors": [], "price": "12.50", "currency": "eur", "stock": null,
            })),
            accept(&json!({
                "isbn": "9780306406157", "title": "T", "authors": "A", "price": "12.50", "currency": "JPY",
            })),
        ]
        .map(Result::unwrap_err);
        insta::assert_snapshot!(texts.join("\n"), @r#"
        /: must be an object
        /isbn: is required; /title: is required; /authors: is required; /currency: is required; /price: is required
        /isbn: has a wrong check digit; look for a mistyped digit; /title: must not be blank; /authors/0: must not hold line breaks, control characters or characters that reverse the direction of writing; /authors/1: must be a string; /price: must be a decimal string in EUR with 2 decimals, for example "12.50"; /stock: must be in_stock, few_left or sold_out; /pages: is not a field here; the fields are isbn, title, authors, currency, price, stock
        /isbn: must be a string; /authors: must have 1 to 20 authors; /currency: must be an ISO 4217 currency code in capitals, for example "EUR"; /stock: must be a string
        /authors: must be an array; /price: must be a decimal string in JPY with no decimals, for example "1250"
        "#);
    }

    #[test]
    fn every_hint_is_read_as_it_is_written() {
        for (text, stock) in Stock::ALL {
            assert_eq!((Stock::parse(text), stock.as_str()), (Ok(stock), text));
            assert_eq!(serde_json::to_value(stock).unwrap(), json!(text));
        }
    }
}
