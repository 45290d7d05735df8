//! `GET /console/api/orders`: a page of the orders that match.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use order_core::id::Caller;
use order_core::{IdempotencyKey, OrderId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::index::{Index, Row};
use crate::failure::Failure;
use crate::system::System;

/// The orders of one page.
const PAGE: usize = 50;
/// The shortest part of an id that is looked for.
const MIN_PART: usize = 4;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Search {
    q: String,
    status: String,
    page: usize,
}

/// Answers `{"orders", "page", "pages", "total", "counts", "extent"}`, newest first. `counts` has the number of orders by
/// status. `q` is an order id or a part of one, a customer id, an idempotency key, or a reference.
pub(crate) async fn search(
    State(system): State<System>,
    State(orders): State<Index>,
    Query(search): Query<Search>,
) -> Result<Json<Value>, Failure> {
    let rows = orders.rows(&system).await?;
    let query = Wanted::parse(&search.q);
    let matching: Vec<&Row> = rows
        .newest_first
        .iter()
        .filter(|row| query.matches(row))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &matching {
        *counts.entry(row.status.as_str()).or_default() += 1;
    }
    let shown: Vec<&Row> = matching
        .into_iter()
        .filter(|row| search.status.is_empty() || row.status == search.status)
        .collect();
    let pages = shown.len().div_ceil(PAGE).max(1);
    let page = search.page.min(pages - 1);
    let on_page: Vec<&Row> = shown.iter().skip(page * PAGE).take(PAGE).copied().collect();
    Ok(Json(json!({
        "orders": on_page,
        "page": page,
        "pages": pages,
        "total": shown.len(),
        "counts": counts,
        "extent": rows.extent,
    })))
}

/// A parsed search.
#[derive(Debug)]
struct Wanted {
    text: String,
    /// The order that an anonymous caller placed under the text as its key. The keys of other callers are not known here.
    by_key: Option<String>,
}

impl Wanted {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let key = IdempotencyKey::parse(text).ok();
        Self {
            text: text.to_lowercase(),
            by_key: key.map(|key| OrderId::from_idempotency_key(&Caller::Anonymous.into(), &key).to_string()),
        }
    }

    fn matches(&self, row: &Row) -> bool {
        let text = self.text.as_str();
        let is_part =
            text.len() >= MIN_PART && (row.order_id.starts_with(text) || row.order_id.ends_with(text));
        text.is_empty()
            || is_part
            || self.by_key.as_ref() == Some(&row.order_id)
            || row.customer_id.to_lowercase().contains(text)
            || row
                .reference
                .as_ref()
                .is_some_and(|reference| reference.to_lowercase().contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let key = IdempotencyKey::parse("checkout-42").unwrap();
        Row {
            order_id: OrderId::from_idempotency_key(&Caller::Anonymous.into(), &key).to_string(),
            status: "notified".to_owned(),
            customer_id: "Customer-7".to_owned(),
            accepted_at: "2026-11-23T09:35:00.000Z".to_owned(),
            confirmed_at: None,
            notified_at: None,
            currency: "EUR".to_owned(),
            total: "1.00".to_owned(),
            reference: Some("PO-2026-11".to_owned()),
        }
    }

    #[test]
    fn an_order_is_found_by_id_short_id_customer_key_and_reference() {
        let row = row();
        let id = row.order_id.clone();
        for text in [
            "",
            &id,
            &id[..8],
            &id[id.len() - 8..],
            "customer-7",
            "R-7",
            "checkout-42",
            " checkout-42 ",
            "po-2026",
        ] {
            assert!(Wanted::parse(text).matches(&row), "{text}");
        }
        for text in ["checkout-43", &id[..3], "nobody", "notified"] {
            assert!(!Wanted::parse(text).matches(&row), "{text}");
        }
    }
}
