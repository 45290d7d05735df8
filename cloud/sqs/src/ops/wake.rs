//! What SQS does not offer: messages that were put off get their next try at once.

use crate::error::SqsError;
use crate::expiry;
use crate::queue::Queue;
use crate::service::Sqs;

/// Messages that one step wakes.
const STEP: usize = 500;
/// Those of a queue that become due after a moment, by the index that holds no ready message, since SQLite left to
/// itself walks the whole queue. The reader ends it.
pub(crate) const PUT_OFF: &str = "SELECT id, receive_count FROM messages INDEXED BY messages_due
    WHERE state <> 0 AND due_at > ?1 AND queue_id = ?2";

/// Makes ready what is hidden for longer than a receive hides it, a bounded number in each transaction; how many that
/// were.
///
/// Somebody put such a message off; perhaps while it is worked on, in case its process dies, and then it is delivered once
/// more. Others are left alone: each delivery beside the one that is worked on counts as a receive and brings the
/// message nearer to the dead-letter queue.
pub(crate) async fn wake(sqs: &Sqs, name: String) -> Result<u64, SqsError> {
    let mut woken = 0;
    loop {
        let (service, name) = (sqs.clone(), name.clone());
        let step = sqs.store().run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            let held_until = service.clock().now_ms() + i64::from(queue.settings.visibility_timeout) * 1000;
            let put_off: Vec<(i64, u32)> = tx
                .prepare_cached(PUT_OFF)?
                .query_map([held_until, queue.id], |row| Ok((row.get(0)?, row.get(1)?)))?
                .take(STEP)
                .collect::<Result<_, _>>()?;
            for &(id, receive_count) in &put_off {
                expiry::release(&service, tx, &queue, id, receive_count)?;
            }
            Ok::<_, SqsError>(put_off.len())
        });
        let step = step.await?;
        woken += step as u64;
        if step < STEP {
            return Ok(woken);
        }
    }
}
