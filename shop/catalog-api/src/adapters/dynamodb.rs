//! The table of books, on DynamoDB, with the pictures beside it.

use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use rest_function::causes;

use super::covers::CoversBucket;
use super::row::{
    BY_TITLE_INDEX, Item, PARTITION, attribute, from_item, index_key, key, sort_key, stored_sort_key, text,
    to_changed_attributes, to_item,
};
use crate::book::StoredBook;
use crate::isbn::Isbn;
use crate::ports::{Catalogue, CatalogueError, Page, Position, Search, Write};

/// One DynamoDB table and the bucket of the covers. It needs `dynamodb:GetItem`, `dynamodb:PutItem`, `dynamodb:UpdateItem` and
/// `dynamodb:DeleteItem` on the table, `dynamodb:Query` on its index, and `s3:DeleteObject` on the covers.
#[derive(Debug, Clone)]
pub struct AwsCatalogue {
    client: Client,
    table: String,
    covers: CoversBucket,
}

impl AwsCatalogue {
    /// The table and the bucket of these names.
    #[must_use]
    pub fn new(sdk: &SdkConfig, table: String, covers_bucket: String) -> Self {
        Self {
            client: Client::new(sdk),
            table,
            covers: CoversBucket::new(sdk, covers_bucket),
        }
    }
}

impl Catalogue for AwsCatalogue {
    async fn book(&self, isbn: &Isbn) -> Result<Option<StoredBook>, CatalogueError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(isbn.as_str())))
            .consistent_read(true);
        let item = call.send().await.map_err(|error| unavailable(&error))?.item;
        item.as_ref().map(from_item).transpose()
    }

    async fn insert(&self, book: &StoredBook) -> Result<Write, CatalogueError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(book)))
            .condition_expression(format!("attribute_not_exists({})", attribute::ISBN));
        effect(call.send().await)
    }

    async fn replace(&self, book: &StoredBook) -> Result<Write, CatalogueError> {
        // Only these attributes: what somebody else keeps in the row, such as the cover, stays as it is.
        let changed = to_changed_attributes(book);
        let sets: Vec<String> = (0..changed.len())
            .map(|index| format!("#n{index} = :v{index}"))
            .collect();
        let mut call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(book.book.isbn.as_str())))
            .update_expression(format!("SET {}", sets.join(", ")))
            .condition_expression("#version = :before")
            .expression_attribute_names("#version", attribute::VERSION)
            .expression_attribute_values(":before", number(book.version.saturating_sub(1)));
        for (index, (name, value)) in changed.iter().enumerate() {
            call = call
                .expression_attribute_names(format!("#n{index}"), name)
                .expression_attribute_values(format!(":v{index}"), value.clone());
        }
        effect(call.send().await)
    }

    async fn remove(&self, isbn: &Isbn, version: u64) -> Result<Write, CatalogueError> {
        let call = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(isbn.as_str())))
            .condition_expression("#version = :read")
            .expression_attribute_names("#version", attribute::VERSION)
            .expression_attribute_values(":read", number(version));
        effect(call.send().await)
    }

    async fn remove_pictures(&self, keys: Vec<String>) -> Result<(), CatalogueError> {
        self.covers.remove(keys).await
    }

    /// A filter applies after the limit of DynamoDB, so a search has no limit there: it takes what the table gives in one answer of
    /// at most 1 MB, and cuts it.
    async fn list(&self, search: &Search) -> Result<Page, CatalogueError> {
        let start = match &search.after {
            None => None,
            Some(Position(sort_key)) => {
                Some(index_key(sort_key).ok_or(CatalogueError::Unreadable(attribute::SORT_KEY))?)
            }
        };
        let mut call = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_TITLE_INDEX)
            .key_condition_expression(format!("{} = :partition", attribute::PARTITION))
            .expression_attribute_values(":partition", text(PARTITION))
            .set_exclusive_start_key(start);
        if search.words.is_empty() {
            call = call.limit(i32::from(search.limit));
        } else {
            call = call.filter_expression(filter(search.words.len()));
            for (index, word) in search.words.iter().enumerate() {
                call = call.expression_attribute_values(format!(":word{index}"), text(word));
            }
        }
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        page(
            &answer.items.unwrap_or_default(),
            answer.last_evaluated_key.as_ref(),
            search,
        )
    }
}

/// Every word must be in the text.
fn filter(words: usize) -> String {
    let contains = |index| format!("contains({}, :word{index})", attribute::SEARCH_TEXT);
    (0..words).map(contains).collect::<Vec<_>>().join(" AND ")
}

/// The page of these items. If some are cut off, the next page starts behind the last one that is kept.
fn page(items: &[Item], last: Option<&Item>, search: &Search) -> Result<Page, CatalogueError> {
    let limit = usize::from(search.limit);
    let books: Vec<StoredBook> = items
        .iter()
        .take(limit)
        .map(from_item)
        .collect::<Result<_, _>>()?;
    let next = match books.last() {
        Some(book) if items.len() > limit => Some(Position(sort_key(&book.book))),
        _ => last.map(stored_sort_key).transpose()?.map(Position),
    };
    Ok(Page { books, next })
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The effect of a conditional write.
fn effect<T, E, R>(result: Result<T, SdkError<E, R>>) -> Result<Write, CatalogueError>
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match result {
        Ok(_) => Ok(Write::Done),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(Write::ConditionFailed),
        Err(error) => Err(unavailable(&error)),
    }
}

fn unavailable(error: &dyn Error) -> CatalogueError {
    CatalogueError::Unavailable(causes(error))
}
