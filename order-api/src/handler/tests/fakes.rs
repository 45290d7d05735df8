//! A queue and a table in memory, with injected faults.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Mutex;

use order_core::{CancellationMessage, Order, OrderId, OrderMessage, QueueMessage, Timestamp, Trace};
use order_table::{Claim, FailedOrder, OrderRow, Stored, Tombstone};

use crate::ports::{
    Acceptance, ClaimTable, Claimed, CustomerQuery, OrderQueue, OrderTable, Page, Position, QueueError, Sort,
    TableError, UnreadableRow, Unstored,
};

/// The fault of every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Error,
    Panic,
    Hang,
}

impl Fault {
    async fn strike(fault: Option<Self>) -> Result<(), String> {
        match fault {
            None => Ok(()),
            Some(Self::Error) => Err("secret-host-name refused".to_owned()),
            Some(Self::Panic) => panic!("as the test asks"),
            Some(Self::Hang) => std::future::pending().await,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    fault: Option<Fault>,
    refused: Vec<usize>,
    sent: Mutex<Vec<String>>,
    traces: Mutex<Vec<Option<Trace>>>,
}

impl Queue {
    pub(super) fn failing(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// Refuses the messages at these indices of a call.
    pub(super) fn refusing(refused: Vec<usize>) -> Self {
        Self {
            refused,
            ..Self::default()
        }
    }

    /// The trace that was sent with each message.
    pub(super) fn traces(&self) -> Vec<Option<Trace>> {
        self.traces.lock().unwrap().clone()
    }

    /// The messages that were sent.
    pub(super) fn sent(&self) -> Vec<OrderMessage> {
        self.sent
            .lock()
            .unwrap()
            .iter()
            .map(|body| OrderMessage::from_json(body).unwrap())
            .collect()
    }

    /// The orders that the sent messages ask to cancel.
    pub(super) fn cancelled(&self) -> Vec<OrderId> {
        let sent = self.sent.lock().unwrap();
        let read = sent
            .iter()
            .map(|body| match QueueMessage::from_json(body).unwrap() {
                QueueMessage::Cancellation(message) => message.order_id,
                QueueMessage::Order(_) => panic!("{body}"),
            });
        read.collect()
    }
}

impl OrderQueue for Queue {
    async fn send(&self, message: &OrderMessage, trace: Option<Trace>) -> Result<(), QueueError> {
        Fault::strike(self.fault).await.map_err(QueueError)?;
        self.sent.lock().unwrap().push(message.to_json());
        self.traces.lock().unwrap().push(trace);
        Ok(())
    }

    async fn send_cancellation(
        &self,
        message: &CancellationMessage,
        _: Option<&Order>,
        trace: Option<Trace>,
    ) -> Result<(), QueueError> {
        Fault::strike(self.fault).await.map_err(QueueError)?;
        self.sent.lock().unwrap().push(message.to_json());
        self.traces.lock().unwrap().push(trace);
        Ok(())
    }

    async fn send_all(&self, messages: &[OrderMessage], trace: Option<Trace>) -> Vec<Result<(), QueueError>> {
        let mut results = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            results.push(if self.refused.contains(&index) {
                Err(QueueError("InternalError".to_owned()))
            } else {
                self.send(message, trace).await
            });
        }
        results
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    fault: Option<Fault>,
    rows: Vec<OrderRow>,
    erased: Option<Tombstone>,
    unreadable: Vec<UnreadableRow>,
    reads: Mutex<usize>,
}

impl Table {
    pub(super) fn failing(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    pub(super) fn holding(rows: impl IntoIterator<Item = OrderRow>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Nothing but the tombstone of one order.
    pub(super) fn erased(tombstone: Tombstone) -> Self {
        Self {
            erased: Some(tombstone),
            ..Self::default()
        }
    }

    /// With a row that cannot be read in every list.
    pub(super) fn with_unreadable(self, row: UnreadableRow) -> Self {
        Self {
            unreadable: vec![row],
            ..self
        }
    }

    fn find(&self, id: OrderId) -> Option<Stored> {
        let erased = self.erased.clone().filter(|erased| erased.order_id == id);
        let row = self.rows.iter().find(|row| row.order_id == id).cloned();
        let order = row.map(|row| Stored::Order(Box::new(row)));
        order.or_else(|| erased.map(Stored::Erased))
    }

    /// The number of reads.
    pub(super) fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

impl OrderTable for Table {
    async fn order(&self, id: OrderId) -> Result<Option<Stored>, TableError> {
        *self.reads.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        Ok(self.find(id))
    }

    async fn acceptance(&self, id: OrderId) -> Result<Option<Acceptance>, TableError> {
        Ok(self.order(id).await?.map(acceptance))
    }

    async fn acceptances(&self, ids: &[OrderId]) -> Result<HashMap<OrderId, Acceptance>, TableError> {
        *self.reads.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        let found = |id: &OrderId| Some((*id, acceptance(self.find(*id)?)));
        Ok(ids.iter().filter_map(found).collect())
    }

    /// As in DynamoDB, `next` is set whenever the limit was reached, also on the last page.
    async fn by_customer(&self, query: &CustomerQuery) -> Result<Page, TableError> {
        let CustomerQuery { after, limit, .. } = *query;
        *self.reads.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        let mut rows: Vec<OrderRow> = self
            .rows
            .iter()
            .filter(|row| row.order.customer().id == query.customer && query.includes(row.accepted_at))
            .filter(|row| query.status.is_none_or(|status| row.status() == status))
            .filter(|row| {
                after.is_none_or(|after| {
                    let (row, after) = (
                        (row.accepted_at, row.order_id),
                        (after.accepted_at, after.order_id),
                    );
                    match query.sort {
                        Sort::Newest => row < after,
                        Sort::Oldest => row > after,
                    }
                })
            })
            .cloned()
            .collect();
        rows.sort_by_key(|row| Reverse((row.accepted_at, row.order_id)));
        if query.sort == Sort::Oldest {
            rows.reverse();
        }
        rows.truncate(usize::from(limit));
        let is_full = rows.len() == usize::from(limit);
        let next = rows.last().filter(|_| is_full).map(|row| Position {
            accepted_at: row.accepted_at,
            order_id: row.order_id,
        });
        Ok(Page {
            rows,
            unreadable: self.unreadable.clone(),
            next,
        })
    }
}

fn acceptance(stored: Stored) -> Acceptance {
    match stored {
        Stored::Order(row) => Acceptance::Stored {
            fingerprint: row.fingerprint,
            accepted_at: row.accepted_at,
        },
        Stored::Erased(_) => Acceptance::Erased,
    }
}

#[derive(Debug, Default)]
pub(super) struct Claims {
    fault: Option<Fault>,
    held: Mutex<HashMap<OrderId, Claim>>,
    /// The mark of one order.
    pub(super) failed: Option<FailedOrder>,
    calls: Mutex<usize>,
}

impl Claims {
    pub(super) fn failing(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    pub(super) fn holding(claim: Claim) -> Self {
        Self {
            held: Mutex::new(HashMap::from([(claim.order_id, claim)])),
            ..Self::default()
        }
    }

    /// Nothing but the mark of one order.
    pub(super) fn marking(failed: FailedOrder) -> Self {
        Self {
            failed: Some(failed),
            ..Self::default()
        }
    }

    /// The number of calls.
    pub(super) fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }

    /// Lets the time pass in which the requests of all claims are in doubt.
    pub(super) fn end_doubts(&self) {
        for claim in self.held.lock().unwrap().values_mut() {
            claim.in_doubt_until = claim.accepted_at;
        }
    }
}

impl ClaimTable for Claims {
    async fn claim(&self, claims: &[Claim]) -> Vec<Result<Claimed, TableError>> {
        *self.calls.lock().unwrap() += 1;
        if let Err(error) = Fault::strike(self.fault).await {
            return vec![Err(TableError::Unavailable(error)); claims.len()];
        }
        let mut held = self.held.lock().unwrap();
        claims
            .iter()
            .map(|claim| {
                if let Some(before) = held.get(&claim.order_id) {
                    Ok(Claimed::Before(before.clone()))
                } else {
                    held.insert(claim.order_id, claim.clone());
                    Ok(Claimed::First)
                }
            })
            .collect()
    }

    async fn release(&self, ids: &[OrderId], now: Timestamp) -> Result<(), TableError> {
        *self.calls.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        let mut held = self.held.lock().unwrap();
        for id in ids {
            if let Some(claim) = held.get_mut(id) {
                claim.released_at = Some(now);
            }
        }
        Ok(())
    }

    async fn resume(&self, ids: &[OrderId]) -> Result<(), TableError> {
        *self.calls.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        let mut held = self.held.lock().unwrap();
        for id in ids {
            if let Some(claim) = held.get_mut(id) {
                claim.released_at = None;
            }
        }
        Ok(())
    }

    async fn unstored(&self, id: OrderId) -> Result<Unstored, TableError> {
        *self.calls.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        Ok(Unstored {
            claim: self.held.lock().unwrap().get(&id).cloned(),
            failure: self.failed.clone().filter(|failed| failed.order_id == id),
        })
    }
}
