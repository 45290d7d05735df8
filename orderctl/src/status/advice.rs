//! Problems of a system, each with the command that helps.

use stack_client::{Connection, Target};
use terminal::invocation;
use terminal::text::{quote, sanitize_line};

use super::document::{Document, Problem};

/// Adds the problems that follow from the queues and the subscriptions, and commands to the problems that have none.
pub(super) fn add_problems(status: &mut Document, connection: &Connection) {
    let typed = |command: &str| format!("{} {command}{}", invocation::program_name(), connection.options());
    for problem in &mut status.problems {
        problem.command = match problem.code.as_str() {
            "table_engine" => Some(format!("press Ctrl-C, then: {}", typed("up"))),
            _ => None,
        };
    }
    for queue in status.queues.iter().filter(|queue| queue.is_dead_letter_queue) {
        let count = queue.count();
        if count > 0 {
            let noun = if count == 1 { "dead letter" } else { "dead letters" };
            let message = format!("{count} {noun} in {}", sanitize_line(&queue.name));
            let is_listed = queue.name.ends_with("orders-dlq") || queue.name.ends_with("notifications-dlq");
            let command = is_listed.then(|| typed("dlq list"));
            status
                .problems
                .push(Problem::new("dead_letters", message, command));
        }
    }
    for subscription in &status.subscriptions {
        let message = match subscription.state.as_str() {
            "suspended" => "is suspended after more than ten emails in a second: it gets no email",
            "pending" => "is not confirmed: it gets no email",
            _ => continue,
        };
        let command = match connection.target() {
            Target::Local => typed(&format!("confirm {}", quote(&subscription.subscription_arn))),
            // On AWS only the owner of the inbox can confirm. A repeated Subscribe sends the mail again.
            Target::Aws => format!(
                "aws sns subscribe --topic-arn {} --protocol {} --notification-endpoint {}",
                quote(&subscription.topic_arn),
                quote(&subscription.protocol),
                quote(&subscription.endpoint)
            ),
        };
        let message = format!(
            "the subscription of {} {message}",
            sanitize_line(&subscription.endpoint)
        );
        status
            .problems
            .push(Problem::new("subscription", message, Some(command)));
    }
    for alarm in status.alarms.iter().filter(|alarm| alarm.state == "ALARM") {
        let what = alarm.description.as_deref().unwrap_or(&alarm.reason);
        let message = format!("the alarm {} rings since {}: {what}", alarm.name, alarm.since);
        status
            .problems
            .push(Problem::new("alarm", sanitize_line(&message), None));
    }
    if !status.problems.is_empty() {
        status.status = "degraded";
    }
}

#[cfg(test)]
mod tests {
    use super::super::local::tests::example;
    use super::*;

    #[test]
    fn every_problem_says_what_to_type() {
        let mut status = example();
        add_problems(&mut status, &Connection::local("my data".into()));
        let lines: Vec<String> = status
            .problems
            .iter()
            .map(|problem| {
                let command = problem.command.as_deref().unwrap_or("-");
                format!(
                    "{}: {} | {}",
                    problem.code,
                    problem.message,
                    command.replace(invocation::program_name(), "orderctl")
                )
            })
            .collect();
        assert_eq!(status.status, "degraded");
        insta::assert_snapshot!(lines.join("\n"), @r"
        disk_full: the disk is full | -
        dead_letters: 1 dead letter in orders-dlq | orderctl dlq list --data-dir 'my data'
        subscription: the subscription of you@example.com is suspended after more than ten emails in a second: it gets no email | orderctl confirm arn:aws:sns:us-east-1:000000000000:order-emails:1 --data-dir 'my data'
        alarm: the alarm OrdersDlqAlarm rings since 2026-11-23T09:38:00.000Z: An order is in the dead-letter queue. | -
        ");
    }
}
