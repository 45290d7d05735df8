//! The command line.

use clap::{Parser, Subcommand};
#[cfg(feature = "local")]
use proof::{fault_run, faults, load, verify};
use stack_client::Connection;

use crate::{
    cancel, completions, confirm, console_page, export, get, inbox, list, manual, place, shop, status, top,
    trace,
};
#[cfg(feature = "local")]
use crate::{
    cost,
    local::{service::ServiceName, up},
};

/// Start the order system on this machine, place orders, read their emails, and replay dead letters.
///
/// Begin with `up`; it says what to type next. The other commands find the running system by its data directory.
///
/// Exit code: 0 done, 1 not as asked, 2 wrong usage, 3 the system cannot be reached. docs/CLI.md describes the JSON of every
/// command.
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
    /// Ask to cancel an order
    Cancel(cancel::Arguments),
    /// Show the whole way of an order, with the time of each step
    Trace(trace::Arguments),
    /// List a customer's orders, the newest first
    List(list::Arguments),
    /// Print all stored orders of a customer, or everything that is stored of the customer, as JSON Lines
    Export(export::Arguments),
    /// Erase an order, or all orders of a customer, for ever
    Erase(erasure::Arguments),
    /// Show the emails that were sent
    Inbox(inbox::Arguments),
    /// Show what works and what does not, and what to type about it
    Status(status::Arguments),
    /// Follow the whole system on a screen: rates, queues, ages, alarms and failures
    Top(top::Arguments),
    /// Serve the console, a page on which you see the system work, on this machine until Ctrl-C
    Console(console_page::Arguments),
    /// Fill the catalogue of the shop
    Shop {
        #[command(subcommand)]
        command: shop::Command,
    },
    /// Confirm an email subscription of this machine, such as one that is suspended
    Confirm(confirm::Arguments),
    /// Show and replay dead letters: the messages that could not be processed
    Dlq {
        #[command(subcommand)]
        command: dead_letters::Command,
    },
    /// Show, change or end the faults that are injected into the running system
    #[cfg(feature = "local")]
    Faults(faults::Arguments),
    /// Send many orders, follow them until their email is sent, and report rates and latencies
    #[cfg(feature = "local")]
    Load(load::Arguments),
    /// Compare the journal of a load with rows, events, emails and dead letters
    #[cfg(feature = "local")]
    Verify(verify::Arguments),
    /// Print what the orders of the running system would cost on AWS, by service, and what an idle month costs
    #[cfg(feature = "local")]
    Cost(cost::Arguments),
    /// Run a new system under load with injected faults and kills, and verify that nothing is lost or doubled
    #[cfg(feature = "local")]
    FaultRun(fault_run::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Print the manual page, or write one page for each command into a directory
    Man(manual::Arguments),
    /// Serve empty DynamoDB tables until standard input ends, and print the URL; for tests with LocalStack
    #[command(hide = true)]
    #[cfg(feature = "local")]
    Dynamodb,
    /// Run one function in this process; `up` starts these
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

    fn assert_parsed(lines: &[&str]) {
        for line in lines {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    fn assert_wrong_usage(lines: &[&str]) {
        for line in lines {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn usual_lines_are_parsed() {
        assert_parsed(&[
            "orderctl --data-dir d place events/order.json",
            "orderctl place - --idempotency-key k --json --data-dir d",
            "orderctl get 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --wait",
            "orderctl get 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --wait=5 --json",
            "orderctl get 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --wait 60",
            "orderctl get --wait 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl get --key checkout-42 --wait",
            "orderctl get --key checkout-42 --caller api-key:k1 --wait 5",
            "orderctl cancel 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --json",
            "orderctl cancel --key checkout-42 --caller api-key:k1",
            "orderctl trace 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --json",
            "orderctl trace --key checkout-42 --caller iam:AROA1",
            "orderctl get 0199D3A0-5C1E-7B3A-9F57-2C1D4E5F6A7B",
            "orderctl get --wait 0199D3A0-5C1E-7B3A-9F57-2C1D4E5F6A7B",
            "orderctl cancel 0199D3A0-5C1E-7B3A-9F57-2C1D4E5F6A7B",
            "orderctl trace 0199D3A0-5C1E-7B3A-9F57-2C1D4E5F6A7B",
            "orderctl erase --order 0199D3A0-5C1E-7B3A-9F57-2C1D4E5F6A7B",
            "orderctl list --customer customer-1001 --limit 5 --json",
            "orderctl list --customer c --from 2026-11-23T00:00:00Z --to 2026-11-24T00:00:00+01:00 --status notified --oldest-first",
            "orderctl export --customer customer-1001 --reference PO-17",
            "orderctl export --customer customer-1001 --everything --actor ada --audit-log audit.jsonl",
            "orderctl erase --customer customer-1001 --dry-run",
            "orderctl erase --order 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b --yes --json",
            "orderctl inbox --follow --json",
            "orderctl status --json",
            "orderctl top --interval 5",
            "orderctl confirm arn:aws:sns:us-east-1:000000000000:t:1 --json",
            "orderctl completions zsh",
            "orderctl console --stack orders --port 0",
            "orderctl shop seed --json",
            "orderctl shop seed --catalog-url https://x.example/dev --api-key k",
            "orderctl man",
            "orderctl man target/man",
            "orderctl dlq list --queue notifications",
            "orderctl dlq replay --all --json",
            "orderctl dlq replay a b",
        ]);
    }

    #[cfg(feature = "local")]
    #[test]
    fn usual_lines_for_this_machine_are_parsed() {
        assert_parsed(&[
            "orderctl up",
            "orderctl up --ephemeral --api-port 0 --aws-port 0 --sync full --ready-file r --parameter Stage=dev",
            "orderctl up --faults events/faults.yaml",
            "orderctl faults --json",
            "orderctl faults set events/faults.yaml --seed 7",
            "orderctl faults off",
            "orderctl faults outage table",
            "orderctl faults outage topic email --end --json",
            "orderctl up --functions ../release-1/orderctl --template ../release-1/template.yaml",
            "orderctl load --count 20 --rate 2.5 --connections 4 --duplicates 10% --poison 0.01 --seed 7 --journal j --json",
            "orderctl verify --journal j --json --wait 5 --keep-audit",
            "orderctl cost --json",
            "orderctl cost --since before.json --prices prices.yaml",
            "orderctl fault-run",
            "orderctl fault-run --outage 30m --away table --away email --speed 10 --count 9000 --json",
            "orderctl fault-run --outage 6m --baseline old/orderctl --baseline-template old/template.yaml",
            "orderctl fault-run --count 200 --function-kills 2 --system-kills 1 --seed 7 --faults f --keep",
            "orderctl service order-api",
            "orderctl dynamodb",
        ]);
    }

    #[test]
    fn wrong_usage_ends_with_2() {
        assert_wrong_usage(&[
            "orderctl",
            "orderctl place",
            "orderctl get not-an-id",
            "orderctl get --key \u{e9}",
            "orderctl get --caller open 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl get --key k 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl cancel",
            "orderctl cancel --caller open",
            "orderctl trace",
            "orderctl trace --caller open",
            "orderctl cancel --caller open 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl cancel --key k 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl trace --key k 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            "orderctl trace --key k --caller ada",
            "orderctl list",
            "orderctl list --customer \u{e9}",
            "orderctl place f --idempotency-key \u{e9}",
            "orderctl dlq replay --all a",
            "orderctl list --customer c --limit 0",
            "orderctl list --customer c --status failed",
            "orderctl export",
            "orderctl erase",
            "orderctl erase --order o --customer c",
            "orderctl export --customer c --from yesterday",
            "orderctl --api-url 127.0.0.1:8080 list --customer c",
            "orderctl completions tcsh",
            "orderctl top --interval 0",
            "orderctl dlq list --queue mail",
        ]);
    }

    #[test]
    fn an_order_is_named_by_its_id_or_its_key() {
        for command in ["get", "cancel", "trace"] {
            let usage = format!("Usage: orderctl {command} [OPTIONS] <ID|--key <KEY>>\n");
            let help = parse(&format!("orderctl {command} --help"))
                .unwrap_err()
                .to_string();
            assert!(help.contains(&usage), "{help}");
        }
        for line in ["orderctl cancel", "orderctl trace"] {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains("  <ID|--key <KEY>>\n"), "{error}");
        }
        for line in [
            "orderctl get --caller open",
            "orderctl cancel --caller open",
            "orderctl trace --caller open",
        ] {
            let error = parse(line).unwrap_err().to_string();
            assert!(!error.contains("--key <KEY> <ID>"), "{error}");
        }
    }

    #[cfg(feature = "local")]
    #[test]
    fn wrong_usage_on_this_machine_ends_with_2() {
        assert_wrong_usage(&[
            "orderctl up --parameter Stage",
            "orderctl up --sync never",
            "orderctl load --count 0",
            "orderctl load --rate 0",
            "orderctl load --poison 2",
            "orderctl verify",
            "orderctl faults outage",
            "orderctl faults outage mailer",
            "orderctl fault-run --outage 30",
            "orderctl fault-run --away table",
            "orderctl fault-run --outage 6m --baseline old/orderctl",
            "orderctl service mailer",
        ]);
    }

    #[cfg(not(feature = "local"))]
    #[test]
    fn a_client_has_no_commands_for_this_machine() {
        assert_wrong_usage(&[
            "orderctl up",
            "orderctl load",
            "orderctl verify --journal j",
            "orderctl faults",
        ]);
    }
}
