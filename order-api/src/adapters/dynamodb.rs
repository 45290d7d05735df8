//! The table of orders, on DynamoDB.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use order_core::{OrderId, Timestamp};
use order_table::attribute_value::{Item, key, to_attributes};
use order_table::{Attributes, BY_CUSTOMER_INDEX, OrderRow, RowError, Stored, attribute, parsed, text};

use super::calls::{DynamoDbClients, unavailable};
use crate::ports::{Acceptance, CustomerQuery, OrderTable, Page, Position, Sort, TableError, UnreadableRow};

/// Reads one DynamoDB table. It needs `dynamodb:GetItem` and `dynamodb:BatchGetItem` on it, and `dynamodb:Query` on its index.
#[derive(Debug, Clone)]
pub struct DynamoDbOrderTable {
    clients: DynamoDbClients,
    table: String,
}

impl DynamoDbOrderTable {
    /// The table of this name.
    #[must_use]
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self {
            clients: DynamoDbClients::new(sdk),
            table,
        }
    }

    /// Reads the item of an order, with every write that was acknowledged before.
    fn get(&self, client: &Client, id: OrderId) -> GetItemFluentBuilder {
        client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(id)))
            .consistent_read(true)
    }
}

impl OrderTable for DynamoDbOrderTable {
    async fn order(&self, id: OrderId) -> Result<Option<Stored>, TableError> {
        let call = self.get(&self.clients.repeating, id);
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        let item = answer.item.map(to_attributes);
        Ok(item.map(|item| Stored::from_attributes(&item)).transpose()?)
    }

    async fn acceptance(&self, id: OrderId) -> Result<Option<Acceptance>, TableError> {
        let call = self
            .get(&self.clients.one_attempt, id)
            .projection_expression(acceptance_attributes());
        let item = call.send().await.map_err(|error| unavailable(&error))?.item;
        Ok(item.map(|item| acceptance(&to_attributes(item))).transpose()?)
    }

    async fn acceptances(&self, ids: &[OrderId]) -> Result<HashMap<OrderId, Acceptance>, TableError> {
        let mut keys = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(acceptance_attributes());
        for id in ids {
            keys = keys.keys(key(*id));
        }
        let keys = keys.build().map_err(|error| unavailable(&error))?;
        let call = self
            .clients
            .one_attempt
            .batch_get_item()
            .request_items(&self.table, keys);
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        let items = answer.responses.unwrap_or_default().into_values().flatten();
        Ok(items.filter_map(identified_acceptance).collect())
    }

    async fn by_customer(&self, query: &CustomerQuery) -> Result<Page, TableError> {
        let customer = AttributeValue::S(query.customer.as_str().to_owned());
        let start = query.after.map(|position| {
            let accepted_at = AttributeValue::S(position.accepted_at.to_string());
            let mut start = key(position.order_id);
            start.insert(attribute::CUSTOMER_ID.to_owned(), customer.clone());
            start.insert(attribute::ACCEPTED_AT.to_owned(), accepted_at);
            start
        });
        let mut call = self
            .clients
            .repeating
            .query()
            .table_name(&self.table)
            .index_name(BY_CUSTOMER_INDEX)
            .key_condition_expression(key_condition(query))
            .expression_attribute_values(":customer", customer)
            .scan_index_forward(query.sort == Sort::Oldest)
            .limit(i32::from(query.limit))
            .set_exclusive_start_key(start);
        let first = query.accepted_from;
        for (name, time) in [(":first", first), (":last", query.accepted_to.map(before))] {
            if let Some(time) = time {
                call = call.expression_attribute_values(name, AttributeValue::S(time.to_string()));
            }
        }
        let status = query.status.map(|status| (attribute::STATUS, status.as_str()));
        let reference = query.reference.as_ref();
        let reference = reference.map(|reference| (attribute::REFERENCE, reference.as_str()));
        let filters: Vec<(&str, &str)> = status.into_iter().chain(reference).collect();
        for (name, value) in &filters {
            // Some names are reserved words.
            call = call
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), AttributeValue::S((*value).to_owned()));
        }
        let filter: Vec<String> = filters
            .iter()
            .map(|(name, _)| format!("#{name} = :{name}"))
            .collect();
        let call = call.set_filter_expression((!filter.is_empty()).then(|| filter.join(" AND ")));
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
        for item in answer.items.unwrap_or_default() {
            let attributes = to_attributes(item);
            // An operator erases the customer right now: the index does not lose the tombstone before that has ended.
            if Stored::is_erased(&attributes) {
                continue;
            }
            match OrderRow::from_attributes(&attributes) {
                Ok(row) => rows.push(row),
                Err(error) => unreadable.push(UnreadableRow {
                    order_id: text(&attributes, attribute::ORDER_ID)
                        .unwrap_or_default()
                        .to_owned(),
                    error,
                }),
            }
        }
        Ok(Page {
            rows,
            unreadable,
            next: answer.last_evaluated_key.map(position).transpose()?,
        })
    }
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

fn acceptance_attributes() -> String {
    [
        attribute::ORDER_ID,
        attribute::FINGERPRINT,
        attribute::ACCEPTED_AT,
        attribute::ERASED_AT,
    ]
    .join(", ")
}

fn acceptance(attributes: &Attributes) -> Result<Acceptance, RowError> {
    if Stored::is_erased(attributes) {
        return Ok(Acceptance::Erased);
    }
    Ok(Acceptance::Stored {
        fingerprint: parsed(attributes, attribute::FINGERPRINT)?,
        accepted_at: parsed(attributes, attribute::ACCEPTED_AT)?,
    })
}

/// An acceptance that cannot be read counts as unknown: order-worker compares the orders.
fn identified_acceptance(item: Item) -> Option<(OrderId, Acceptance)> {
    let attributes = to_attributes(item);
    let order_id = parsed(&attributes, attribute::ORDER_ID).ok()?;
    acceptance(&attributes)
        .inspect_err(|error| tracing::warn!(%order_id, %error, "idempotency key not looked up"))
        .ok()
        .map(|acceptance| (order_id, acceptance))
}

fn position(key: Item) -> Result<Position, RowError> {
    let attributes = to_attributes(key);
    Ok(Position {
        accepted_at: parsed(&attributes, attribute::ACCEPTED_AT)?,
        order_id: parsed(&attributes, attribute::ORDER_ID)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_is_read_from_its_two_attributes() {
        let fingerprint = format!("v1:{}", "0".repeat(64));
        let item = |fingerprint: &str| {
            HashMap::from([
                (
                    attribute::FINGERPRINT.to_owned(),
                    AttributeValue::S(fingerprint.to_owned()),
                ),
                (
                    attribute::ACCEPTED_AT.to_owned(),
                    AttributeValue::S("2026-11-23T09:35:00.123Z".to_owned()),
                ),
            ])
        };
        let read = acceptance(&to_attributes(item(&fingerprint)));
        let stored = Acceptance::Stored {
            fingerprint: fingerprint.parse().unwrap(),
            accepted_at: "2026-11-23T09:35:00.123Z".parse().unwrap(),
        };
        assert_eq!(read, Ok(stored));
        let erased = HashMap::from([(
            attribute::ERASED_AT.to_owned(),
            AttributeValue::S("2026-11-29T12:00:00.000Z".to_owned()),
        )]);
        assert_eq!(acceptance(&to_attributes(erased)), Ok(Acceptance::Erased));
        // A fingerprint of a later version cannot be read.
        assert_eq!(
            acceptance(&to_attributes(item("v2:00"))).unwrap_err().attribute,
            attribute::FINGERPRINT
        );
        assert_eq!(
            acceptance(&to_attributes(HashMap::new())).unwrap_err().attribute,
            attribute::FINGERPRINT
        );
    }
}
