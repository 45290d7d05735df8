//! What became of each record of a batch.

use queue_consumer::failure::{Failure, Permanence};
use queue_consumer::record::Record;
use queue_consumer::settle::{self, Failed, Settlement};

use super::{Verdict, Worker};
use crate::budget::Budget;
use crate::ports::Ports;

/// What is to be acknowledged and what is to be reported, by place in the batch.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Stored and published: acknowledged.
    pub(crate) confirmed: Vec<usize>,
    /// In the dead-letter queue with a reason: acknowledged.
    pub(crate) buried: Vec<usize>,
    /// Everything else: reported.
    pub(crate) failed: Vec<usize>,
}

impl<P: Ports> Worker<P> {
    /// Buries what can never succeed or has had its last receive; schedules the rest.
    pub(crate) async fn settle(
        &self,
        records: &[Record],
        verdicts: Vec<Verdict>,
        budget: &Budget,
    ) -> Settled {
        let mut settled = Settled::default();
        let mut places = Vec::new();
        let mut failed = Vec::new();
        for verdict in verdicts {
            let record = &records[verdict.index];
            match verdict.result {
                Ok(()) => settled.confirmed.push(verdict.index),
                Err(failure) => {
                    let order_id = verdict.order_id.map(|id| id.to_string()).unwrap_or_default();
                    log(record, &order_id, &failure);
                    places.push(verdict.index);
                    failed.push(Failed { record, failure });
                }
            }
        }
        let settlement = Settlement {
            max_receive_count: self.max_receive_count,
            window: budget.settling(),
            chance: &self.chance,
        };
        for (index, end) in places
            .into_iter()
            .zip(settlement.settle(&self.ports, &failed).await)
        {
            match end {
                settle::Settled::Buried => settled.buried.push(index),
                settle::Settled::Reported => settled.failed.push(index),
            }
        }
        settled
    }
}

fn log(record: &Record, order_id: &str, failure: &Failure) {
    let message_id = record.message_id.as_deref().unwrap_or_default();
    let permanent = failure.permanence == Permanence::Permanent;
    let receive_count = record.receive_count;
    let code = &*failure.code;
    tracing::warn!(
        message_id,
        order_id,
        code,
        permanent,
        receive_count,
        "record failed: {message_id}"
    );
}
