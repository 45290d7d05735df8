//! Makes postponed messages ready at once. SQS has no such action.

use crate::error::SqsError;
use crate::expiry;
use crate::queue::Queue;
use crate::service::Sqs;

/// Maximum number of messages in one transaction.
const STEP: usize = 500;
/// Selects the messages of a queue that become due after a given time. `INDEXED BY messages_due`: this index
/// holds no ready message. Without it, SQLite reads all messages of the queue. The caller stops reading at
/// its limit.
pub(crate) const PUT_OFF: &str = "SELECT id, receive_count FROM messages INDEXED BY messages_due
    WHERE state <> 0 AND due_at > ?1 AND queue_id = ?2";

/// Makes messages ready that stay hidden for longer than the queue's visibility timeout, or are delayed for
/// longer. Returns how many. Each transaction changes a bounded number.
///
/// A message hidden for so long was postponed by a consumer. If the consumer still works on it (it postponed
/// the message in case its process ends), the message is delivered once more.
///
/// Other messages in flight do not change. Each further delivery of a message that a consumer works on raises
/// its receive count and brings it nearer to the dead-letter queue.
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
