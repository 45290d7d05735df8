//! A page of a customer's orders: its keys from the index, then its rows from the table.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use order_core::Timestamp;
use order_core::text::Reference;
use order_table::attribute_value::{Item, key, to_attributes};
use order_table::{Attributes, OrderRow, OrderStatus, RowError, Stored, attribute, parsed, text};
use serde_json::Value;

use super::calls::unavailable;
use super::rows::Rows;
use crate::ports::{CustomerQuery, Page, Position, Sort, TableError, UnreadableRow};

/// A page ends before the row with which its rows have more bytes than this. A query of whole rows ends there too, and the answer
/// stays far below the limit of a function's answer.
const MAX_BYTES: usize = 1024 * 1024;

/// The keys of a page, in its sequence.
#[derive(Debug)]
pub(super) struct PageKeys {
    keys: Vec<Item>,
    /// Where the next page starts. `None` after the last page.
    next: Option<Item>,
}

impl PageKeys {
    /// Reads the keys by one query of the index. An index with whole rows serves as well: only keys are asked for.
    pub(super) async fn read(
        client: &Client,
        table: &str,
        index: &str,
        query: &CustomerQuery,
    ) -> Result<Self, TableError> {
        let customer = AttributeValue::S(query.customer.as_str().to_owned());
        let start = query.after.map(|position| {
            let accepted_at = AttributeValue::S(position.accepted_at.to_string());
            let mut start = key(position.order_id);
            start.insert(attribute::CUSTOMER_ID.to_owned(), customer.clone());
            start.insert(attribute::ACCEPTED_AT.to_owned(), accepted_at);
            start
        });
        let mut call = client
            .query()
            .table_name(table)
            .index_name(index)
            .key_condition_expression(key_condition(query))
            .expression_attribute_values(":customer", customer)
            .projection_expression([attribute::ORDER_ID, attribute::ACCEPTED_AT].join(", "))
            .scan_index_forward(query.sort == Sort::Oldest)
            .limit(i32::from(query.limit))
            .set_exclusive_start_key(start);
        let first = query.accepted_from;
        for (name, time) in [(":first", first), (":last", query.accepted_to.map(before))] {
            if let Some(time) = time {
                call = call.expression_attribute_values(name, AttributeValue::S(time.to_string()));
            }
        }
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        Ok(Self {
            keys: answer.items.unwrap_or_default(),
            next: answer.last_evaluated_key,
        })
    }

    /// The ids of the orders, as they are stored. An id may come twice while the index follows a change of its key.
    pub(super) fn order_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(order_id)
    }

    /// The page of these keys. An order without a row was erased or has expired since the index was read.
    pub(super) fn page(self, mut rows: Rows, query: &CustomerQuery) -> Result<Page, RowError> {
        let mut page = Page {
            rows: Vec::new(),
            unreadable: Vec::new(),
            next: None,
        };
        let mut bytes = 0;
        let mut last: Option<Item> = None;
        for key in self.keys {
            let row = order_id(&key).and_then(|id| Some((id.to_owned(), rows.remove(id)?)));
            if let Some((id, attributes)) = row {
                bytes += size(&attributes);
                if bytes > MAX_BYTES
                    && let Some(last) = last
                {
                    page.next = Some(position(last)?);
                    return Ok(page);
                }
                add(&mut page, id, &attributes, query);
            }
            last = Some(key);
        }
        page.next = self.next.map(position).transpose()?;
        Ok(page)
    }
}

/// Adds a row if it belongs into the page. The rows that are left out count towards the limit too.
fn add(page: &mut Page, order_id: String, attributes: &Attributes, query: &CustomerQuery) {
    let has = |name, wanted: Option<&str>| wanted.is_none_or(|wanted| text(attributes, name) == Ok(wanted));
    // An operator erases the customer right now: the index does not lose the tombstone before that has ended.
    let is_listed = !Stored::is_erased(attributes)
        && has(attribute::CUSTOMER_ID, Some(query.customer.as_str()))
        && has(attribute::STATUS, query.status.map(OrderStatus::as_str))
        && has(
            attribute::REFERENCE,
            query.reference.as_ref().map(Reference::as_str),
        );
    if !is_listed {
        return;
    }
    match OrderRow::from_attributes(attributes) {
        Ok(row) => page.rows.push(row),
        Err(error) => page.unreadable.push(UnreadableRow { order_id, error }),
    }
}

fn order_id(key: &Item) -> Option<&str> {
    key.get(attribute::ORDER_ID)?.as_s().ok().map(String::as_str)
}

/// The partition of the customer, and the range of the sort key. DynamoDB allows one condition on that.
fn key_condition(query: &CustomerQuery) -> String {
    let range = match (query.accepted_from, query.accepted_to) {
        (None, None) => "",
        (Some(_), None) => " AND accepted_at >= :first",
        (None, Some(_)) => " AND accepted_at <= :last",
        (Some(_), Some(_)) => " AND accepted_at BETWEEN :first AND :last",
    };
    format!("{} = :customer{range}", attribute::CUSTOMER_ID)
}

/// The millisecond before. A stored time has whole milliseconds, and as many digits as every other.
fn before(time: Timestamp) -> Timestamp {
    Timestamp::from_unix_milliseconds(time.unix_milliseconds() - 1).unwrap_or(time)
}

fn position(key: Item) -> Result<Position, RowError> {
    let attributes = to_attributes(key);
    Ok(Position {
        accepted_at: parsed(&attributes, attribute::ACCEPTED_AT)?,
        order_id: parsed(&attributes, attribute::ORDER_ID)?,
    })
}

/// About as many bytes as DynamoDB counts for the row.
fn size(attributes: &Attributes) -> usize {
    attributes
        .iter()
        .map(|(name, value)| name.len() + size_of_value(value))
        .sum()
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size_of_value).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + size_of_value(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_size_of_a_row_is_that_of_its_names_and_texts() {
        let value = json!({"note": "äb", "items": [{"sku": "T-1", "quantity": 2}]});
        let attributes: Attributes = serde_json::from_value(value).unwrap();
        assert_eq!(size(&attributes), 4 + 3 + 5 + 3 + 3 + 8 + 1);
    }
}
