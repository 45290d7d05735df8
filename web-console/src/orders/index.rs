//! The orders of the table in memory, newest first, by which the page searches.
//!
//! The table has no index of all orders by time, so that the console reads it whole: the first time when somebody looks at
//! orders, and again after messages have passed through the queues, but for at most a twentieth of the time. The first read of
//! a large table takes seconds, so that a caller gets the part that is read by then. It is forgotten when nobody has asked for a
//! while. No field holds personal data but the customer's id.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_dynamodb::types::AttributeValue;
use order_table::attribute;
use serde::Serialize;
use stack_client::{Resource, Target};
use tokio::sync::{Mutex, oneshot};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::system::System;

/// The most rows that are kept from the table on this machine.
const MAX_ROWS: usize = 250_000;
/// The most rows that are read on AWS, where each read costs money: about 0.3 cents.
const MAX_ROWS_ON_AWS: usize = 20_000;
/// How long a caller waits for the first read of the table before it gets a part.
const FIRST_WAIT: Duration = Duration::from_millis(300);
/// The shortest time after which the part that the first read has is shown again. It has also doubled by then, so that all parts
/// together are copied and sorted in the time of a few whole ones.
const PART: Duration = Duration::from_millis(500);
/// A read takes at most one part in so many of the time.
const SHARE: u32 = 20;
/// The shortest time between two reads.
const MIN_AGE: Duration = Duration::from_millis(700);
/// The time after which rows are read again although nobody knows of a change.
const MAX_AGE: Duration = Duration::from_secs(30);
/// The time after which unused rows are forgotten.
const IDLE: Duration = Duration::from_mins(5);

/// The fields of an order that the list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) order_id: String,
    pub(crate) status: String,
    pub(crate) customer_id: String,
    pub(crate) accepted_at: String,
    pub(crate) confirmed_at: Option<String>,
    pub(crate) notified_at: Option<String>,
    pub(crate) currency: String,
    pub(crate) total: String,
    /// The caller's own name of the order. It may hold personal data, so that it is searched and not shown.
    #[serde(skip)]
    pub(crate) reference: Option<String>,
}

/// The rows, and whether they are all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) newest_first: Arc<Vec<Row>>,
    pub(crate) extent: Extent,
}

/// How much of the table the rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extent {
    /// The first read goes on. Ask again.
    #[default]
    Reading,
    /// The table has more rows than are read.
    Part,
    /// The whole table.
    Whole,
}

/// The rows that were read last. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rows: Option<Rows>,
    read_at: Option<Instant>,
    used_at: Option<Instant>,
    took: Duration,
    activity: Option<u64>,
    is_reading: bool,
}

/// Whether rows are known before a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    First,
    Later,
}

impl State {
    fn is_due(&self, activity: Option<u64>) -> bool {
        let age = self.read_at.map_or(Duration::MAX, |at| at.elapsed());
        let is_changed = activity.is_none() || activity != self.activity;
        let pause = (self.took * SHARE).max(MIN_AGE);
        age >= pause && (is_changed || age >= MAX_AGE.max(pause))
    }
}

impl Index {
    /// The rows. The first call begins to read the table, and returns what is read within [`FIRST_WAIT`]; a later one returns what is
    /// known, and has the table read again if it may have changed.
    pub(crate) async fn rows(&self, system: &System) -> Result<Rows, Failure> {
        let activity = system.activity();
        let mut state = self.0.lock().await;
        state.used_at = Some(Instant::now());
        if let Some(known) = state.rows.clone() {
            if !state.is_reading && state.is_due(activity) {
                state.is_reading = true;
                tokio::spawn(self.clone().read_again(system.clone(), activity));
            }
            return Ok(known);
        }
        state.rows = Some(Rows::default());
        state.is_reading = true;
        drop(state);
        let (done, mut is_done) = oneshot::channel();
        tokio::spawn(self.clone().read_first(system.clone(), activity, done));
        match tokio::time::timeout(FIRST_WAIT, &mut is_done).await {
            Ok(Ok(read)) => read,
            // The read goes on.
            Err(_) | Ok(Err(_)) => Ok(self.0.lock().await.rows.clone().unwrap_or_default()),
        }
    }

    async fn read_first(
        self,
        system: System,
        activity: Option<u64>,
        done: oneshot::Sender<Result<Rows, Failure>>,
    ) {
        let read = self.read_table(&system, activity, Turn::First).await;
        // A caller that no longer waits asks again.
        let _ = done.send(read);
        self.forget_when_idle().await;
    }

    async fn read_again(self, system: System, activity: Option<u64>) {
        // The next call tries again, and the page shows the old rows until then.
        let _ = self.read_table(&system, activity, Turn::Later).await;
        self.forget_when_idle().await;
    }

    /// Reads the table, and stores its rows. The first read stores parts of them meanwhile; if it fails, the next call begins anew.
    async fn read_table(&self, system: &System, activity: Option<u64>, turn: Turn) -> Result<Rows, Failure> {
        let begun = Instant::now();
        let parts = (turn == Turn::First).then_some(self);
        let read = read(system, parts).await;
        let mut state = self.0.lock().await;
        state.is_reading = false;
        match (read, turn) {
            (Ok(rows), _) => Ok(store(&mut state, activity, begun, rows)),
            (Err(failure), Turn::First) => {
                state.rows = None;
                Err(failure)
            }
            (Err(failure), Turn::Later) => {
                state.read_at = Some(Instant::now());
                Err(failure)
            }
        }
    }

    async fn forget_when_idle(&self) {
        tokio::time::sleep(IDLE).await;
        let mut state = self.0.lock().await;
        let is_idle = state.used_at.is_none_or(|at| at.elapsed() >= IDLE);
        if is_idle && !state.is_reading {
            *state = State::default();
        }
    }
}

fn store(state: &mut State, activity: Option<u64>, begun: Instant, rows: Rows) -> Rows {
    state.rows = Some(rows.clone());
    state.took = begun.elapsed();
    state.read_at = Some(Instant::now());
    state.activity = activity;
    rows
}

/// Reads the table. An index gets the part that is read, again and again.
async fn read(system: &System, index: Option<&Index>) -> Result<Rows, Failure> {
    let connection = system.connection()?;
    let limit = match connection.target() {
        Target::Local => MAX_ROWS,
        Target::Aws => MAX_ROWS_ON_AWS,
    };
    let table = connection.resource(Resource::OrdersTableName).await?;
    let names = [
        attribute::ORDER_ID,
        attribute::STATUS,
        attribute::CUSTOMER_ID,
        attribute::ACCEPTED_AT,
        attribute::CONFIRMED_AT,
        attribute::NOTIFIED_AT,
        attribute::CURRENCY,
        attribute::TOTAL,
        attribute::REFERENCE,
        attribute::ERASED_AT,
    ];
    let placeholders: Vec<String> = (0..names.len()).map(|index| format!("#a{index}")).collect();
    let by_placeholder: HashMap<String, String> = placeholders
        .iter()
        .cloned()
        .zip(names.iter().map(|name| (*name).to_owned()))
        .collect();
    let scan = connection.dynamodb().await?.scan().table_name(table);
    let mut items = scan
        .projection_expression(placeholders.join(", "))
        .set_expression_attribute_names(Some(by_placeholder))
        .into_paginator()
        .items()
        .send();
    let mut rows = Vec::new();
    let mut extent = Extent::Whole;
    let (mut shown, mut shown_at) = (0, Instant::now());
    while let Some(item) = items.next().await {
        let item = item.context("the table cannot be read")?;
        // A tombstone is no order.
        if item.contains_key(attribute::ERASED_AT) {
            continue;
        }
        rows.push(Row::parse(&item));
        if rows.len() >= limit {
            extent = Extent::Part;
            break;
        }
        if let Some(index) = index
            && rows.len() >= 2 * shown
            && shown_at.elapsed() >= PART
        {
            index.0.lock().await.rows = Some(Rows::sorted(rows.clone(), Extent::Reading));
            (shown, shown_at) = (rows.len(), Instant::now());
        }
    }
    Ok(Rows::sorted(rows, extent))
}

impl Rows {
    fn sorted(mut rows: Vec<Row>, extent: Extent) -> Self {
        rows.sort_unstable_by(|one, other| {
            (&other.accepted_at, &other.order_id).cmp(&(&one.accepted_at, &one.order_id))
        });
        Self {
            newest_first: Arc::new(rows),
            extent,
        }
    }
}

impl Row {
    fn parse(item: &HashMap<String, AttributeValue>) -> Self {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Self {
            order_id: text(attribute::ORDER_ID).unwrap_or_default(),
            status: text(attribute::STATUS).unwrap_or_default(),
            customer_id: text(attribute::CUSTOMER_ID).unwrap_or_default(),
            accepted_at: text(attribute::ACCEPTED_AT).unwrap_or_default(),
            confirmed_at: text(attribute::CONFIRMED_AT),
            notified_at: text(attribute::NOTIFIED_AT),
            currency: text(attribute::CURRENCY).unwrap_or_default(),
            total: text(attribute::TOTAL).unwrap_or_default(),
            reference: text(attribute::REFERENCE),
        }
    }
}
