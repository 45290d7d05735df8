//! The way of an order, formatted for people.

use order_core::Timestamp;
use stack_client::Connection;
use terminal::invocation;
use terminal::table::format_table;
use terminal::text::{sanitize, sanitize_line};

use super::steps::{Stage, Way};

/// The most characters of an event that are shown.
const MAX_EVENT: usize = 80;

/// Formats the way as text.
pub(super) fn format(way: &Way, connection: &Connection) -> String {
    let id = &way.order_id;
    let typed = |command: &str| {
        format!(
            "{} {command} {id}{}",
            invocation::program_name(),
            connection.options()
        )
    };
    let mut lines = vec![match way.stage {
        Stage::Notified => format!("order {id} is stored, and its email was sent"),
        Stage::Cancelled => format!("order {id} is cancelled"),
        Stage::Confirmed => format!("order {id} is stored, and its email was not sent yet"),
        Stage::DeadLetter => format!("order {id} is a dead letter; see it by: {}", typed("dlq show")),
        Stage::Accepted => format!("order {id} is accepted, and not stored yet"),
        Stage::Erased => format!("order {id} was erased, and does not come back"),
        Stage::Logged => format!("order {id} is not stored, or not yet; the logs know it"),
        Stage::Unknown => {
            format!("nobody knows of order {id}: it was never accepted, or is still in a queue")
        }
    }];
    if let Some(trace) = &way.trace {
        lines.push(format!("trace {}", trace.xray_trace_id));
    }
    if !way.steps.is_empty() {
        let first = way.steps.iter().find_map(|step| milliseconds(&step.at));
        let rows: Vec<[String; 4]> = way
            .steps
            .iter()
            .map(|step| {
                let after = first.zip(milliseconds(&step.at));
                let after = after.map(|(first, at)| format_span(at.saturating_sub(first)));
                [
                    sanitize_line(&step.at),
                    after.unwrap_or_default(),
                    sanitize_line(&step.source),
                    shorten(&sanitize_line(&step.event)),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(format_table(["TIME", "AFTER", "FROM", "EVENT"], &rows));
    }
    if !way.waiting.is_empty() {
        lines.push(String::new());
        lines.push("Messages that wait; this order may be among them:".to_owned());
        lines.extend(way.waiting.iter().map(|waiting| {
            let queue = sanitize_line(&waiting.queue);
            format!(
                "  {queue}: {}, of which {} failed and are tried later",
                waiting.messages, waiting.delayed
            )
        }));
    }
    if !way.unread.is_empty() {
        lines.push(String::new());
        lines.extend(
            way.unread
                .iter()
                .map(|unread| format!("Not read: {}", sanitize_line(unread))),
        );
    }
    sanitize(&lines.join("\n"))
}

/// The error of an SDK may be long. `--json` has all of it.
fn shorten(event: &str) -> String {
    match event.char_indices().nth(MAX_EVENT) {
        Some((end, _)) => format!("{}...", &event[..end]),
        None => event.to_owned(),
    }
}

fn milliseconds(at: &str) -> Option<i64> {
    at.parse().ok().map(Timestamp::unix_milliseconds)
}

fn format_span(milliseconds: i64) -> String {
    match milliseconds {
        ..10_000 => format!("{milliseconds} ms"),
        10_000..600_000 => format!("{} s", milliseconds / 1000),
        _ => format!("{} min", milliseconds / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::steps::{Step, Waiting, trace_of};
    use super::*;

    fn step(at: &str, source: &str, event: &str) -> Step {
        Step {
            at: format!("2026-11-23T09:{at}Z"),
            source: source.to_owned(),
            event: event.to_owned(),
        }
    }

    fn shown(way: &Way) -> String {
        format(way, &Connection::local("d".into())).replace(invocation::program_name(), "orderctl")
    }

    #[test]
    fn people_see_each_step_with_its_time() {
        let way = Way {
            order_id: "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".to_owned(),
            stage: Stage::DeadLetter,
            trace: trace_of(
                Some(&json!({"traceparent": "00-67891233abcdef012345678912345678-463ac35c9f6413ad-01"})),
                &[],
            ),
            steps: vec![
                step("35:00.000", "order-api", "answered 202"),
                step(
                    "35:00.250",
                    "order-worker",
                    "record failed: m, timeout, receive 1",
                ),
                step("35:42.000", "order-worker", &"long ".repeat(40)),
                step("55:00.000", "orders-dlq", "given up: timeout"),
            ],
            waiting: vec![Waiting {
                queue: "orders".to_owned(),
                messages: 3,
                delayed: 2,
            }],
            unread: vec!["logs: AccessDeniedException".to_owned()],
        };
        insta::assert_snapshot!(shown(&way), @r"
        order 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b is a dead letter; see it by: orderctl dlq show 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --data-dir d
        trace 1-67891233-abcdef012345678912345678

        TIME                      AFTER   FROM          EVENT
        2026-11-23T09:35:00.000Z  0 ms    order-api     answered 202
        2026-11-23T09:35:00.250Z  250 ms  order-worker  record failed: m, timeout, receive 1
        2026-11-23T09:35:42.000Z  42 s    order-worker  long long long long long long long long long long long long long long long long ...
        2026-11-23T09:55:00.000Z  20 min  orders-dlq    given up: timeout

        Messages that wait; this order may be among them:
          orders: 3, of which 2 failed and are tried later

        Not read: logs: AccessDeniedException
        ");
    }

    #[test]
    fn an_unknown_order_has_no_table() {
        let way = Way {
            order_id: "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".to_owned(),
            stage: Stage::Unknown,
            trace: None,
            steps: Vec::new(),
            waiting: Vec::new(),
            unread: Vec::new(),
        };
        insta::assert_snapshot!(shown(&way), @"nobody knows of order 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b: it was never accepted, or is still in a queue");
    }
}
