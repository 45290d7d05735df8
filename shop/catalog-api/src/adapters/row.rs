//! The row of a book.
//!
//! The index `by_title` has all books in one partition, in the order of their titles. A partition takes about 1,000 writes and
//! gives 3,000 reads of 4 KB in a second (DynamoDB Developer Guide, "Burst and adaptive capacity"), which is far more than one
//! shop's catalogue needs.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use order_core::{Currency, Money};
use timestamp::Timestamp;

use crate::book::{Author, Book, Cover, Stock, StoredBook, Title};
use crate::isbn::Isbn;
use crate::ports::CatalogueError;

/// An item or a key, as the SDK holds it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The index of all books by title.
pub(super) const BY_TITLE_INDEX: &str = "by_title";

/// The one partition of the index.
pub(super) const PARTITION: &str = "books";

/// The names of the attributes.
pub(super) mod attribute {
    pub(in crate::adapters) const ISBN: &str = "isbn";
    pub(in crate::adapters) const PARTITION: &str = "catalogue";
    pub(in crate::adapters) const SORT_KEY: &str = "sort_key";
    pub(in crate::adapters) const SEARCH_TEXT: &str = "search_text";
    pub(in crate::adapters) const VERSION: &str = "version";
}

/// The most characters of a title in the sort key. Books whose titles begin alike follow by their ISBN.
const SORTED_CHARACTERS: usize = 60;

/// The key of a book.
pub(super) fn key(isbn: &str) -> Item {
    Item::from([(attribute::ISBN.to_owned(), text(isbn))])
}

/// Where a book stands in the index. No two books have the same place.
pub(super) fn sort_key(book: &Book) -> String {
    let title: String = book
        .title
        .as_str()
        .to_lowercase()
        .chars()
        .take(SORTED_CHARACTERS)
        .collect();
    format!("{title}\u{1f}{}", book.isbn)
}

/// The key of the index at a position. `None` if the text is no sort key.
pub(super) fn index_key(sort_key: &str) -> Option<Item> {
    let (_, isbn) = sort_key.rsplit_once('\u{1f}')?;
    let mut item = key(isbn);
    item.insert(attribute::PARTITION.to_owned(), text(PARTITION));
    item.insert(attribute::SORT_KEY.to_owned(), text(sort_key));
    Some(item)
}

/// The row of a new book.
pub(super) fn to_item(stored: &StoredBook) -> Item {
    let mut item = key(stored.book.isbn.as_str());
    item.extend(to_changed_attributes(stored));
    item.insert("cover".to_owned(), text(&stored.cover.to_string()));
    item.insert("created_at".to_owned(), text(&stored.created_at.to_string()));
    item
}

/// The attributes that a change of a book sets: all but the key, the cover and the moment of its creation.
pub(super) fn to_changed_attributes(stored: &StoredBook) -> Item {
    let book = &stored.book;
    let authors: Vec<&str> = book.authors.iter().map(Author::as_str).collect();
    let searched = format!("{} {} {}", book.title.as_str(), authors.join(" "), book.isbn).to_lowercase();
    Item::from(
        [
            (attribute::PARTITION, text(PARTITION)),
            (attribute::SORT_KEY, text(&sort_key(book))),
            (attribute::SEARCH_TEXT, text(&searched)),
            ("title", text(book.title.as_str())),
            (
                "authors",
                AttributeValue::L(authors.into_iter().map(text).collect()),
            ),
            ("price", text(&book.price.decimal())),
            ("currency", text(book.price.currency().code())),
            ("stock", text(book.stock.as_str())),
            (attribute::VERSION, AttributeValue::N(stored.version.to_string())),
            ("updated_at", text(&stored.updated_at.to_string())),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    )
}

/// Reads a row. Attributes of a later version are ignored.
pub(super) fn from_item(item: &Item) -> Result<StoredBook, CatalogueError> {
    let isbn: Isbn = parsed(item, attribute::ISBN, |text| text.parse().ok())?;
    let currency = parsed(item, "currency", |code| Currency::restore(code).ok())?;
    let authors = item.get("authors").and_then(|value| value.as_l().ok());
    let authors = authors.and_then(|values| {
        let author = |value: &AttributeValue| Author::parse(value.as_s().ok()?).ok();
        values.iter().map(author).collect::<Option<Vec<_>>>()
    });
    let version = item
        .get(attribute::VERSION)
        .and_then(|value| value.as_n().ok()?.parse().ok());
    Ok(StoredBook {
        book: Book {
            isbn,
            title: parsed(item, "title", |text| Title::parse(text).ok())?,
            authors: authors.ok_or(CatalogueError::Unreadable("authors"))?,
            price: parsed(item, "price", |text| Money::parse(text, currency).ok())?,
            stock: parsed(item, "stock", |text| {
                let found = Stock::ALL.into_iter().find(|(name, _)| *name == text);
                found.map(|(_, stock)| stock)
            })?,
        },
        cover: parsed(item, "cover", Cover::parse)?,
        version: version.ok_or(CatalogueError::Unreadable(attribute::VERSION))?,
        created_at: parsed(item, "created_at", moment)?,
        updated_at: parsed(item, "updated_at", moment)?,
    })
}

/// The sort key of an item or of a key.
pub(super) fn stored_sort_key(item: &Item) -> Result<String, CatalogueError> {
    parsed(item, attribute::SORT_KEY, |text| Some(text.to_owned()))
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn parsed<T>(
    item: &Item,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, CatalogueError> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .and_then(|text| parse(text))
        .ok_or(CatalogueError::Unreadable(name))
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored() -> StoredBook {
        let now = "2026-11-29T00:00:00.000Z".parse().unwrap();
        let document = json!({
            "isbn": "978-0-306-40615-7", "title": "The Lighthouse Index", "authors": ["Mara Quill", "山田 太郎"],
            "price": "12.50", "currency": "EUR", "stock": "few_left",
        });
        StoredBook::new(Book::accept(&document, now).unwrap(), now)
    }

    #[test]
    fn a_row_that_is_written_is_read_back() {
        let mut item = to_item(&stored());
        item.insert("pages".to_owned(), AttributeValue::N("12".to_owned()));
        assert_eq!(from_item(&item), Ok(stored()));
        assert_eq!(
            item[attribute::SEARCH_TEXT],
            text("the lighthouse index mara quill 山田 太郎 9780306406157")
        );
    }

    #[test]
    fn a_change_leaves_what_others_keep_in_the_row() {
        let changed = to_changed_attributes(&stored());
        let mut all = to_item(&stored());
        all.retain(|name, _| !changed.contains_key(name));
        let mut kept: Vec<String> = all.into_keys().collect();
        kept.sort();
        assert_eq!(kept, ["cover", "created_at", "isbn"]);
    }

    #[test]
    fn a_row_without_an_attribute_is_refused_by_its_name() {
        for name in to_item(&stored()).into_keys() {
            let mut item = to_item(&stored());
            item.remove(&name);
            match from_item(&item) {
                Err(CatalogueError::Unreadable(named)) => assert_eq!(named, name),
                Ok(_) => assert!(
                    [attribute::PARTITION, attribute::SORT_KEY, attribute::SEARCH_TEXT].contains(&&*name)
                ),
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_position_is_a_key_of_the_index() {
        let sort_key = sort_key(&stored().book);
        let key = index_key(&sort_key).unwrap();
        assert_eq!(key[attribute::ISBN], text("9780306406157"));
        assert_eq!(stored_sort_key(&key), Ok(sort_key));
        assert_eq!(index_key("no key"), None);
    }
}
