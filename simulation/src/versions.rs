//! A deploy with mixed versions.
//!
//! The code that the deploy brings writes version 2 of messages and events, and reads both versions. The real code, which
//! stands for both, reads version 1. So the world translates: new code gets version 2 as version 1, and its own messages and
//! events are stored as version 2. Old code gets version 2 as it is, and cannot read it.

use std::time::Duration;

use crate::pipeline::Pipeline;
use crate::plan::Deploy;
use crate::rng::Rng;

/// The text of version 1 and that of version 2.
fn texts(pipeline: Pipeline) -> (&'static str, &'static str) {
    match pipeline {
        Pipeline::Orders => (r#""schema_version":1"#, r#""schema_version":8"#),
        Pipeline::Notifications => ("order.confirmed.v1", "order.confirmed.v2"),
    }
}

/// The body as new code writes it.
pub(crate) fn write(pipeline: Pipeline, body: &str) -> String {
    let (old, new) = texts(pipeline);
    body.replacen(old, new, 1)
}

/// The body as new code reads it.
pub(crate) fn read(pipeline: Pipeline, body: &str) -> String {
    let (old, new) = texts(pipeline);
    body.replacen(new, old, 1)
}

/// Whether only new code can read the body.
pub(crate) fn is_new(pipeline: Pipeline, body: &str) -> bool {
    body.contains(texts(pipeline).1)
}

/// When one instance of a function gets the new code. Never without a deploy.
pub(crate) fn draw_update(deploy: Option<&Deploy>, rng: &mut Rng) -> Option<Duration> {
    let deploy = deploy?;
    let after = rng.draw_milliseconds(0, u64::from(deploy.seconds) * 1000);
    Some(Duration::from_secs(deploy.from.into()) + after)
}

#[cfg(test)]
mod tests {
    use order_core::event::EventError;
    use order_core::message::MessageError;
    use order_core::{OrderConfirmed, OrderMessage};

    use super::*;

    #[test]
    fn old_code_cannot_read_what_new_code_writes_and_new_code_reads_both() {
        let message =
            OrderMessage::from_json(include_str!("../../order-core/golden/message-v1.json")).unwrap();
        let message = message.to_json();
        let newer = write(Pipeline::Orders, &message);
        assert!(is_new(Pipeline::Orders, &newer) && !is_new(Pipeline::Orders, &message));
        assert!(matches!(
            OrderMessage::from_json(&newer),
            Err(MessageError::UnknownVersion(8))
        ));
        assert_eq!(read(Pipeline::Orders, &newer), message);
        assert_eq!(read(Pipeline::Orders, &message), message);

        let event = OrderConfirmed::from_json(include_str!("../../order-core/golden/event-v1.json")).unwrap();
        let event = event.to_json();
        let newer = write(Pipeline::Notifications, &event);
        assert!(matches!(
            OrderConfirmed::from_json(&newer),
            Err(EventError::UnknownVersion)
        ));
        assert_eq!(read(Pipeline::Notifications, &newer), event);
    }
}
