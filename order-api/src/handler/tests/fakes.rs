//! A queue and a table in memory, which fail on demand.

use std::sync::Mutex;

use order_core::{OrderId, OrderMessage, OrderRow};

use crate::ports::{Acceptance, OrderQueue, OrderTable, QueueError, TableError};

/// What a fake does instead of its work.
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
            Some(Self::Panic) => panic!("on demand"),
            Some(Self::Hang) => std::future::pending().await,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) fault: Option<Fault>,
    sent: Mutex<Vec<String>>,
}

impl Queue {
    pub(super) fn failing(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// What was enqueued.
    pub(super) fn sent(&self) -> Vec<OrderMessage> {
        self.sent
            .lock()
            .unwrap()
            .iter()
            .map(|body| OrderMessage::from_json(body).unwrap())
            .collect()
    }
}

impl OrderQueue for Queue {
    async fn send(&self, message: &OrderMessage) -> Result<(), QueueError> {
        Fault::strike(self.fault).await.map_err(QueueError)?;
        self.sent.lock().unwrap().push(message.to_json());
        Ok(())
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) fault: Option<Fault>,
    pub(super) row: Option<OrderRow>,
    reads: Mutex<usize>,
}

impl Table {
    pub(super) fn failing(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    pub(super) fn holding(row: OrderRow) -> Self {
        Self {
            row: Some(row),
            ..Self::default()
        }
    }

    /// How often it was asked.
    pub(super) fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

impl OrderTable for Table {
    async fn order(&self, id: OrderId) -> Result<Option<OrderRow>, TableError> {
        *self.reads.lock().unwrap() += 1;
        Fault::strike(self.fault).await.map_err(TableError::Unavailable)?;
        Ok(self.row.clone().filter(|row| row.order_id == id))
    }

    async fn acceptance(&self, id: OrderId) -> Result<Option<Acceptance>, TableError> {
        let row = self.order(id).await?;
        Ok(row.map(|row| Acceptance {
            fingerprint: row.fingerprint,
            accepted_at: row.accepted_at,
        }))
    }
}
