//! The consent to a load on AWS, where orders cost money and are emailed to people.

use stack_client::{Connection, Target};
use terminal::exit::UsageError;
use terminal::invocation;
use terminal::text::quote;

/// Micro-dollars for an order without its email: the API, three functions, the queues, the table and the logs. Source:
/// docs/DEPLOY.md, "Costs": its lines without the emails are $9.80 for a million orders, rounded up.
const ORDER_MICRO_DOLLARS: u64 = 10;
/// Micro-dollars for an email. Source: the price of SNS, $2 for 100,000 emails.
const EMAIL_MICRO_DOLLARS: u64 = 20;

/// Refuses a load on AWS unless the stack is named a second time.
pub(super) fn check(connection: &Connection, yes_on: Option<&str>, count: u64) -> Result<(), UsageError> {
    if connection.target() == Target::Local {
        return Ok(());
    }
    ask(connection.stack_name(), yes_on, count)
}

fn ask(stack: &str, yes_on: Option<&str>, count: u64) -> Result<(), UsageError> {
    if yes_on == Some(stack) {
        return Ok(());
    }
    let micro_dollars = count.saturating_mul(ORDER_MICRO_DOLLARS + EMAIL_MICRO_DOLLARS);
    Err(UsageError(format!(
        "this places {count} orders in the stack {0} on AWS. They stay in its table, cost about ${1}.{2:02} at the prices of \
         us-east-1, and are emailed to every subscriber, up to {count} emails each. If you want that, repeat the command \
         with --yes-on {0}; else leave out --target aws, and {3} up runs the system on this machine",
        quote(stack),
        micro_dollars / 1_000_000,
        micro_dollars % 1_000_000 / 10_000,
        invocation::program_name(),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_on_aws_needs_the_name_of_its_stack() {
        assert!(ask("staging", Some("staging"), 1).is_ok());
        assert!(ask("prod", Some("staging"), 1).is_err());
        let error = ask("prod", None, 100_000).unwrap_err().to_string();
        assert!(
            error.contains("about $3.00 at") && error.contains("--yes-on prod"),
            "{error}"
        );
    }
}
