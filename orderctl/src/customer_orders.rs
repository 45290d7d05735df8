//! A customer's orders, page by page, from the API.

use anyhow::Context;
use order_core::Timestamp;
use order_core::text::{CustomerId, Reference};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use stack_client::Api;
use stack_client::problem::format_problem;
use terminal::text::sanitize_line;

/// The most orders that the API returns in one page.
pub(crate) const MAX_PER_PAGE: usize = 100;

/// Which orders.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// Whose orders: the customer's id in the shop
    #[arg(long, value_name = "ID", value_parser = CustomerId::accept)]
    pub(crate) customer: CustomerId,
    /// Only orders that were accepted at this time or later, such as 2026-11-23T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only orders that were accepted before this time
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Only orders of this status
    #[arg(long, value_name = "STATUS", value_parser = ["confirmed", "notified", "cancelled"])]
    status: Option<String>,
    /// Only orders of this reference
    #[arg(long, value_name = "TEXT", value_parser = Reference::accept)]
    reference: Option<Reference>,
}

/// In which sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// The newest order first.
    NewestFirst,
    /// The oldest order first.
    OldestFirst,
}

/// A page of orders.
#[derive(Debug, Deserialize)]
struct Page {
    orders: Vec<Value>,
    /// Orders that the API cannot show.
    #[serde(default)]
    unreadable: Vec<UnreadableOrder>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UnreadableOrder {
    order_id: String,
}

/// The pages of a list that are left.
#[derive(Debug)]
pub(crate) struct Pages<'a> {
    api: &'a Api,
    query: Vec<(&'static str, String)>,
    /// The cursor of the next page. None before the first and after the last page.
    cursor: Option<String>,
    is_at_end: bool,
    /// How many orders the API could not read so far.
    pub(crate) unreadable: usize,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(api: &'a Api, selection: &Selection, sequence: Sequence) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let sort = (sequence == Sequence::OldestFirst).then(|| "oldest".to_owned());
        let reference = selection.reference.as_ref();
        let query = [
            ("customer_id", Some(selection.customer.as_str().to_owned())),
            ("accepted_from", time(selection.from)),
            ("accepted_to", time(selection.to)),
            ("status", selection.status.clone()),
            (
                "reference",
                reference.map(|reference| reference.as_str().to_owned()),
            ),
            ("sort", sort),
        ];
        Self {
            api,
            query: query
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            cursor: None,
            is_at_end: false,
            unreadable: 0,
        }
    }

    /// The next page, of at most `limit` orders. It may be empty before the end, which is None.
    pub(crate) async fn next(&mut self, limit: usize) -> anyhow::Result<Option<Vec<Value>>> {
        if self.is_at_end {
            return Ok(None);
        }
        let limit = limit.min(MAX_PER_PAGE).to_string();
        let mut query: Vec<(&str, &str)> = self.query.iter().map(|(name, value)| (*name, &**value)).collect();
        query.push(("limit", &limit));
        query.extend(self.cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let url = Url::parse_with_params(&self.api.url("/orders"), query)?;
        let path = format!("/orders?{}", url.query().unwrap_or_default());
        let response = self
            .api
            .send(self.api.get(&path))
            .await
            .with_context(|| format!("no answer from {}", self.api.url("/orders")))?;
        let status = response.status();
        let body = response.bytes().await.context("the answer was cut off")?;
        if status != StatusCode::OK {
            anyhow::bail!("{}", format_problem(status, &body));
        }
        let page: Page = serde_json::from_slice(&body).context("the answer is no list of orders")?;
        for order in &page.unreadable {
            eprintln!(
                "order {} is stored, but the API cannot read it; its log says why",
                sanitize_line(&order.order_id)
            );
        }
        self.unreadable += page.unreadable.len();
        self.is_at_end = page.next_cursor.is_none();
        self.cursor = page.next_cursor;
        Ok(Some(page.orders))
    }

    /// Whether the API has a page after those that were read. It may be empty.
    pub(crate) fn has_more(&self) -> bool {
        !self.is_at_end
    }
}
