//! The steps of an order's way.

use dead_letters::DeadLetter;
use order_core::{Timestamp, Trace};
use serde::Serialize;
use serde_json::Value;
use stack_client::function_logs::LogLine;

/// The message of order-api about a read that failed.
const FAILED_READ: &str = "order not read";
/// The end of the route of a request that cancels an order.
const CANCEL: &str = "/cancel";

/// The way of one order.
#[derive(Debug, Serialize)]
pub(crate) struct Way {
    pub(super) order_id: String,
    pub(super) stage: Stage,
    /// The trace of the request that placed it, if a source knows it.
    pub(super) trace: Option<TraceNames>,
    /// Oldest first.
    pub(super) steps: Vec<Step>,
    /// Messages that wait in queues. The order may be among them if it is neither stored nor a dead letter, or not notified.
    pub(super) waiting: Vec<Waiting>,
    /// Sources that could not be read, each with the reason.
    pub(super) unread: Vec<String>,
}

/// The two names of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct TraceNames {
    /// In the form of W3C Trace Context.
    traceparent: String,
    /// By which X-Ray finds it.
    pub(super) xray_trace_id: String,
}

impl From<Trace> for TraceNames {
    fn from(trace: Trace) -> Self {
        Self {
            traceparent: trace.to_traceparent(),
            xray_trace_id: trace.xray_id(),
        }
    }
}

/// How far the order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Its email was sent.
    Notified,
    /// It is stored, and cancelled.
    Cancelled,
    /// It is stored.
    Confirmed,
    /// Its message could not be processed.
    DeadLetter,
    /// Its idempotency key is claimed, and it is not stored.
    Accepted,
    /// An operator has erased it.
    Erased,
    /// Only the logs know it.
    Logged,
    /// Nobody knows it.
    Unknown,
}

/// Something that happened to the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Step {
    /// In RFC 3339.
    pub(super) at: String,
    /// Where it is known from: `row`, `claim`, `mailbox`, a dead-letter queue, or the log of a function.
    pub(super) source: String,
    pub(super) event: String,
}

/// The messages of a queue.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Waiting {
    pub(super) queue: String,
    pub(super) messages: u64,
    /// Those of them that failed and wait for their next try.
    pub(super) delayed: u64,
}

impl Way {
    /// Whether anything is known of the order.
    pub(super) fn is_known(&self) -> bool {
        self.stage != Stage::Unknown
    }
}

impl Step {
    fn new(at: &str, source: &str, event: String) -> Self {
        // The logs write microseconds, and rows milliseconds.
        let at = at
            .parse()
            .map_or_else(|_| at.to_owned(), |at: Timestamp| at.to_string());
        Self {
            at,
            source: source.to_owned(),
            event,
        }
    }
}

/// The trace of the order: the API returns that of a stored one, and a dead letter has that of its message.
pub(super) fn trace_of(order: Option<&Value>, letters: &[DeadLetter]) -> Option<TraceNames> {
    let stored = order.and_then(|order| Trace::from_traceparent(order["traceparent"].as_str()?));
    let kept = || {
        let mut headers = letters.iter().filter_map(|letter| letter.trace.as_deref());
        headers.find_map(Trace::from_xray)
    };
    stored.or_else(kept).map(TraceNames::from)
}

/// The times of the order, as the API returns it.
pub(super) fn of_order(order: &Value) -> Vec<Step> {
    let times = [
        ("accepted_at", "accepted by the API"),
        ("confirmed_at", "stored by order-worker"),
        ("notified_at", "marked as notified"),
        ("cancelled_at", "cancelled by order-worker"),
    ];
    let source = if order["confirmed_at"].is_string() {
        "row"
    } else {
        "claim"
    };
    let steps = times.iter().filter_map(|(field, event)| {
        let at = order[field].as_str()?;
        Some(Step::new(at, source, (*event).to_owned()))
    });
    steps.collect()
}

/// A line of a log. Reads of the order, such as this command's own, are no steps of its way.
pub(super) fn of_line(line: &LogLine) -> Option<Step> {
    let message = line.text("message")?;
    if line.text("method") == Some("GET") || message == FAILED_READ {
        return None;
    }
    let status = line.fields["status"].as_u64();
    let reasons = ["error_code", "error_detail", "error"].map(|name| line.text(name));
    let reasons = reasons
        .into_iter()
        .flatten()
        .filter(|reason| !message.contains(reason));
    let receives = line.fields["receive_count"].as_u64();
    let is_cancellation = line.text("route").is_some_and(|route| route.ends_with(CANCEL));
    let asked = if is_cancellation { " to a cancellation" } else { "" };
    let parts = status.map(|status| format!(" {status}{asked}")).into_iter();
    let parts = parts.chain(reasons.map(|reason| format!(", {reason}")));
    let parts = parts.chain(receives.map(|count| format!(", receive {count}")));
    let event = message.to_owned() + &parts.collect::<String>();
    Some(Step::new(line.at(), &line.service, event))
}

/// A dead letter.
pub(super) fn of_letter(letter: &DeadLetter) -> Step {
    let detail = letter.detail.as_ref().map(|detail| format!(" ({detail})"));
    let event = format!("given up: {}{}", letter.reason, detail.unwrap_or_default());
    let at = letter.failed_at.as_deref().unwrap_or_default();
    Step::new(at, letter.queue.dead_letter_name(), event)
}

/// An email. Its subject names the order or the number of orders, and no person.
pub(super) fn of_mail(received_at: &str, subject: &str) -> Step {
    Step::new(received_at, "mailbox", format!("email: {subject}"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::Message;
    use dead_letters::QueueName;
    use serde_json::json;

    use super::*;

    fn line(fields: Value) -> LogLine {
        let service = "order-worker".to_owned();
        LogLine { service, fields }
    }

    #[test]
    fn a_line_tells_its_reason_once() {
        let step = of_line(&line(
            json!({"timestamp": "2026-11-23T09:35:00.123456Z", "message": "message m failed: timeout",
            "error_code": "timeout", "error_detail": "no answer", "receive_count": 2}),
        ));
        let expected = Step {
            at: "2026-11-23T09:35:00.123Z".to_owned(),
            source: "order-worker".to_owned(),
            event: "message m failed: timeout, no answer, receive 2".to_owned(),
        };
        assert_eq!(step, Some(expected));
    }

    #[test]
    fn a_request_to_cancel_reads_as_one() {
        let event = |route: &str| {
            let fields = json!({"message": "answered", "method": "POST", "route": route, "status": 202});
            of_line(&line(fields)).unwrap().event
        };
        assert_eq!(event("/orders"), "answered 202");
        assert_eq!(event("/orders/batch"), "answered 202");
        assert_eq!(event("/orders/{id}/cancel"), "answered 202 to a cancellation");
    }

    #[test]
    fn the_trace_is_that_of_the_stored_order_or_of_its_dead_letter() {
        let mut letter = DeadLetter::read(QueueName::Orders, &Message::builder().build());
        assert_eq!(trace_of(None, std::slice::from_ref(&letter)), None);
        letter.trace =
            Some("Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1".to_owned());
        let letters = [letter];
        let kept = trace_of(None, &letters).unwrap();
        assert_eq!(kept.xray_trace_id, "1-67891233-abcdef012345678912345678");
        assert_eq!(
            kept.traceparent,
            "00-67891233abcdef012345678912345678-463ac35c9f6413ad-01"
        );
        let order = json!({"traceparent": "00-00000000000000000000000000000001-0000000000000002-00"});
        let stored = trace_of(Some(&order), &letters).unwrap();
        assert_eq!(stored.xray_trace_id, "1-00000000-000000000000000000000001");
    }

    #[test]
    fn a_read_is_no_step() {
        assert_eq!(
            of_line(&line(
                json!({"message": "answered", "method": "GET", "status": 200})
            )),
            None
        );
        assert_eq!(
            of_line(&line(json!({"message": FAILED_READ, "error": "e"}))),
            None
        );
        assert!(of_line(&line(json!({"message": "answered", "method": "POST"}))).is_some());
    }
}
