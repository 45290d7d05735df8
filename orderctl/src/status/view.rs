//! The status as text.

use stack_client::Connection;
use terminal::invocation;
use terminal::table::format_table;
use terminal::text::{sanitize, sanitize_line};

use super::document::Document;

/// Formats the status for people.
pub(super) fn format(status: &Document, connection: &Connection) -> String {
    let mut lines = vec![match &status.stack {
        Some(stack) => format!("{stack} is up ({})", status.target),
        None => format!("the system is up ({})", status.target),
    }];
    let since = if status.target == "aws" {
        "created"
    } else {
        "since"
    };
    let mut add = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("  {name:<14} {}", sanitize_line(&value))));
    };
    add(since, status.started_at.clone());
    add("API", status.api_url.clone());
    add("state", status.data_dir.clone());
    add("disk used", status.disk_bytes.map(format_bytes));
    let faults_off = || {
        let program = invocation::program_name();
        format!("on; end them by: {program} faults off{}", connection.options())
    };
    add(
        "faults",
        status
            .faults_active
            .map(|active| if active { faults_off() } else { "off".to_owned() }),
    );
    let failed = status.last_failed_commit.as_ref();
    add(
        "failed commit",
        failed.map(|failed| format!("{}: {}", failed.at, failed.reason)),
    );
    let queues: Vec<[String; 5]> = status
        .queues
        .iter()
        .map(|queue| {
            let age = queue.oldest_age_seconds.map(|seconds| format!("{seconds} s"));
            [
                sanitize_line(&queue.name),
                queue.visible.to_string(),
                queue.delayed.to_string(),
                queue.in_flight.to_string(),
                age.unwrap_or_else(|| "-".to_owned()),
            ]
        })
        .collect();
    lines.push(String::new());
    lines.push(format_table(
        ["QUEUE", "VISIBLE", "DELAYED", "IN FLIGHT", "OLDEST"],
        &queues,
    ));
    let subscriptions: Vec<[String; 3]> = status
        .subscriptions
        .iter()
        .map(|subscription| {
            [
                &subscription.endpoint,
                &subscription.protocol,
                &subscription.state,
            ]
            .map(|text| sanitize_line(text))
        })
        .collect();
    lines.push(String::new());
    lines.push(format_table(
        ["SUBSCRIPTION", "PROTOCOL", "STATE"],
        &subscriptions,
    ));
    lines.push(String::new());
    if status.problems.is_empty() {
        lines.push("Nothing is wrong.".to_owned());
    }
    for problem in &status.problems {
        lines.push(format!("Wrong: {}", problem.message));
        lines.extend(problem.command.as_ref().map(|command| format!("  {command}")));
    }
    sanitize(&lines.join("\n"))
}

fn format_bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{} GB", bytes.div_ceil(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::advice::add_problems;
    use super::super::local::tests::example;
    use super::*;

    #[test]
    fn people_see_what_works_and_what_does_not() {
        let connection = Connection::local("d".into());
        let mut status = example();
        add_problems(&mut status, &connection);
        let text = format(&status, &connection).replace(invocation::program_name(), "orderctl");
        insta::assert_snapshot!(text, @r"
        orders is up (local)
          since          2026-11-23T09:35:00.000Z
          state          /home/you/my orders
          disk used      2 MB
          faults         on; end them by: orderctl faults off --data-dir d
          failed commit  2026-11-23T09:40:00.000Z: database or disk is full

        QUEUE              VISIBLE  DELAYED  IN FLIGHT  OLDEST
        orders             3        1        2          75 s
        orders-dlq         1        0        0          7200 s
        notifications-dlq  0        0        0          -

        SUBSCRIPTION                                      PROTOCOL  STATE
        you@example.com                                   email     suspended
        arn:aws:sqs:us-east-1:000000000000:notifications  sqs       confirmed

        Wrong: the disk is full
        Wrong: 1 dead letter in orders-dlq
          orderctl dlq list --data-dir d
        Wrong: the subscription of you@example.com is suspended after more than ten emails in a second: it gets no email
          orderctl confirm arn:aws:sns:us-east-1:000000000000:order-emails:1 --data-dir d
        Wrong: the alarm OrdersDlqAlarm rings since 2026-11-23T09:38:00.000Z: An order is in the dead-letter queue.
        ");
    }
}
