//! What can be typed.

use clap::{Parser, Subcommand};
#[cfg(feature = "local")]
use proof::{fault_run, faults, load, verify};
use stack_client::Connection;

#[cfg(feature = "local")]
use crate::local::{service::ServiceName, up};
use crate::{get, inbox, list, place};

/// Start the order system on this machine, place orders, read the mail that they cause, repair what failed.
///
/// Begin with `up`; it says what to type next. The other commands find the running system by its data directory.
///
/// Exit code: 0 done, 1 failed, 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "orderctl", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything on this machine, until Ctrl-C
    #[cfg(feature = "local")]
    Up(up::Arguments),
    /// Place an order and print its id
    Place(place::Arguments),
    /// Show an order
    Get(get::Arguments),
    /// List a customer's orders, the newest first
    List(list::Arguments),
    /// Read the emails that were sent
    Inbox(inbox::Arguments),
    /// Look at what could not be processed, and try it again
    Dlq {
        #[command(subcommand)]
        command: dead_letters::Command,
    },
    /// Show, change or end what goes wrong on purpose in the running system
    #[cfg(feature = "local")]
    Faults(faults::Arguments),
    /// Send many orders, follow them to their email, and report rates and latencies
    #[cfg(feature = "local")]
    Load(load::Arguments),
    /// Compare the journal of a load with rows, events, mail and dead letters
    #[cfg(feature = "local")]
    Verify(verify::Arguments),
    /// Run a system of its own under load, faults and kills, and show that nothing is lost or doubled
    #[cfg(feature = "local")]
    FaultRun(fault_run::Arguments),
    /// Serve empty DynamoDB tables alone until standard input ends, and print the URL; the suite gives it to LocalStack
    #[command(hide = true)]
    #[cfg(feature = "local")]
    Dynamodb,
    /// Be the process of a function; `up` starts these
    #[command(hide = true)]
    #[cfg(feature = "local")]
    Service {
        /// Which function
        name: ServiceName,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usual_lines_are_understood() {
        for line in [
            "orderctl up",
            "orderctl up --ephemeral --api-port 0 --aws-port 0 --sync full --ready-file r --parameter Stage=dev",
            "orderctl --data-dir d place events/order.json",
            "orderctl place - --idempotency-key k --json --data-dir d",
            "orderctl get 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --wait",
            "orderctl get 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --wait=5 --json",
            "orderctl get --wait 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl list --customer customer-1001 --limit 5 --json",
            "orderctl inbox --follow --json",
            "orderctl dlq list --queue notifications",
            "orderctl dlq replay --all --json",
            "orderctl dlq replay a b",
            "orderctl up --faults events/faults.yaml",
            "orderctl faults --json",
            "orderctl faults set events/faults.yaml --seed 7",
            "orderctl faults off",
            "orderctl load --count 20 --rate 2.5 --connections 4 --duplicates 10% --poison 0.01 --seed 7 --journal j --json",
            "orderctl verify --journal j --json --wait 5 --keep-audit",
            "orderctl fault-run",
            "orderctl fault-run --count 200 --function-kills 2 --system-kills 1 --seed 7 --faults f --keep",
            "orderctl service order-api",
            "orderctl dynamodb",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_usage_ends_with_2() {
        for line in [
            "orderctl",
            "orderctl place",
            "orderctl get not-an-id",
            "orderctl list",
            "orderctl list --customer \u{e9}",
            "orderctl place f --idempotency-key \u{e9}",
            "orderctl dlq replay",
            "orderctl dlq replay --all a",
            "orderctl dlq list --queue mail",
            "orderctl up --parameter Stage",
            "orderctl up --sync never",
            "orderctl load --count 0",
            "orderctl load --rate 0",
            "orderctl load --poison 2",
            "orderctl verify",
            "orderctl service mailer",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
