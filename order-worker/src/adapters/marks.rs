//! The marks of dead letters, in the table of claims.

use function_runtime::{Answers, CallError};
use order_core::OrderId;
use order_table::{Attributes, FailedOrder};
use queue_consumer::marks::{Mark, Marks};

use super::Aws;
use super::dynamodb::{DUPLICATE, insert_batch};

impl Marks for Aws {
    /// An insert never changes a claim or a mark that is there.
    async fn mark_dead_letters(&self, marks: &[Mark]) -> Answers {
        let retention = self.config.claim_retention;
        let items: Vec<Attributes> = marks
            .iter()
            .map(|mark| failed_order(mark).to_attributes(retention))
            .collect();
        let items: Vec<&Attributes> = items.iter().collect();
        let answers = insert_batch(&self.dynamodb, &self.config.claims_table, &items).await?;
        let marked = |answer: Result<(), CallError>| match answer {
            Err(error) if error.code == DUPLICATE => Ok(()),
            answer => answer,
        };
        Ok(answers.into_iter().map(marked).collect())
    }
}

fn failed_order(mark: &Mark) -> FailedOrder {
    FailedOrder {
        order_id: OrderId::new(mark.order_id),
        error_code: mark.error_code.clone(),
        failed_at: mark.failed_at,
        accepted_at: mark.accepted_at,
    }
}
