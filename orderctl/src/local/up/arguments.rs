//! The arguments of `up`.

use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum as _;
use terminal::exit::UsageError;

/// The variable that says where each function runs, if `--isolation` does not.
pub(super) const ISOLATION_VARIABLE: &str = "ORDERS_ISOLATION";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Keep the state in memory: it is lost when this ends
    #[arg(long)]
    pub(super) ephemeral: bool,
    /// The API's port; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(super) api_port: u16,
    /// The AWS endpoint's port; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    pub(super) aws_port: u16,
    #[command(flatten)]
    pub(super) shop: Shop,
    /// The failures that an acknowledged order survives
    #[arg(long, value_enum, default_value_t = Sync::Normal)]
    pub(super) sync: Sync,
    /// File to write when everything is ready, and to remove at the end: the URLs and the data directory as JSON
    #[arg(long, value_name = "PATH")]
    pub(super) ready_file: Option<PathBuf>,
    /// Run another SAM template instead of the one built in
    #[arg(long, value_name = "FILE")]
    pub(super) template: Option<PathBuf>,
    /// Run the functions of another orderctl, for example of an older release, instead of those built in
    #[arg(long, value_name = "PROGRAM")]
    pub(super) functions: Option<PathBuf>,
    /// Where each function runs; those of --functions run in processes [env: `ORDERS_ISOLATION`] [default: process]
    #[arg(long, value_enum)]
    isolation: Option<Isolation>,
    /// Set a parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    pub(super) parameters: Vec<(String, String)>,
    /// Inbox that is notified of orders; no mail leaves this machine, `inbox` shows it [default: you@example.com]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) email: Option<String>,
    /// Wait until the email subscription is confirmed by the link in its mail, as on AWS
    #[arg(long)]
    pub(super) confirm_manually: bool,
    /// Refuse access keys that are not known; the operator's own is printed, and the other commands use it
    #[arg(long)]
    pub(super) strict_keys: bool,
    /// Maximum number of concurrent invocations of a function; more are throttled, as on AWS [default: 1000]
    #[arg(long, value_name = "N")]
    pub(super) function_concurrency: Option<NonZeroUsize>,
    /// Keep emails for so many days; 0 keeps them for ever
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=36_500))]
    pub(super) keep_mail: u64,
    /// Inject the faults of the plan in FILE, such as events/faults.yaml; `faults` shows and ends them
    #[arg(long, value_name = "FILE")]
    pub(super) faults: Option<PathBuf>,
}

// Whether and where the shop runs. A documentation comment here would become the description of `up`.
#[derive(Debug, clap::Args)]
pub(super) struct Shop {
    /// The port of the shop's catalogue; 0 picks a free one [default: the one after the API's, or a free one if it is taken]
    #[arg(long, value_name = "PORT")]
    pub(super) shop_port: Option<u16>,
    /// Leave the shop out; with --template it is always left out
    #[arg(long, conflicts_with = "shop_port")]
    pub(super) no_shop: bool,
}

/// The failures that an acknowledged write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sync {
    /// `kill -9` of this process
    Normal,
    /// A power cut as well; every write waits for the disk
    Full,
}

/// The border between a function and the rest of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Isolation {
    /// In child processes over the Runtime API, as on Lambda
    Process,
    /// As tasks of this process, with AWS in memory: less processor time, no protection from a crash
    Task,
}

impl Arguments {
    /// Where each function runs. `variable` is the value of [`ISOLATION_VARIABLE`]: it counts if neither `--isolation` nor `--functions`
    /// is given, and an empty value is as none.
    pub(super) fn isolation(&self, variable: Option<&OsStr>) -> Result<Isolation, UsageError> {
        match (self.isolation, &self.functions) {
            (Some(Isolation::Task), Some(_)) => Err(UsageError(
                "the functions of another program cannot run as tasks: leave out --functions or --isolation task"
                    .to_owned(),
            )),
            (Some(isolation), _) => Ok(isolation),
            (None, Some(_)) => Ok(Isolation::Process),
            (None, None) => match variable.filter(|value| !value.is_empty()) {
                None => Ok(Isolation::Process),
                Some(value) => Isolation::from_str(&value.to_string_lossy(), false)
                    .map_err(|_| UsageError(format!("{ISOLATION_VARIABLE} must be process or task"))),
            },
        }
    }
}

/// Parses `NAME=VALUE`. The value may contain an equals sign or be empty.
fn parse_parameter(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct TestCommand {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// Parses a line of arguments.
    pub(crate) fn arguments(line: &str) -> Arguments {
        TestCommand::parse_from(std::iter::once("up").chain(line.split_whitespace())).arguments
    }

    #[test]
    fn emails_are_kept_for_a_month_unless_it_says_otherwise() {
        assert_eq!(arguments("").keep_mail, 30);
        assert_eq!(arguments("--keep-mail 0").keep_mail, 0);
    }

    #[test]
    fn the_isolation_is_that_of_the_option_or_else_of_the_variable() {
        let isolation = |line: &str, variable: Option<&str>| {
            let isolation = arguments(line).isolation(variable.map(OsStr::new));
            isolation.map_err(|error| error.to_string())
        };
        assert_eq!(isolation("", None), Ok(Isolation::Process));
        assert_eq!(isolation("", Some("")), Ok(Isolation::Process));
        assert_eq!(isolation("", Some("task")), Ok(Isolation::Task));
        assert_eq!(
            isolation("--isolation process", Some("task")),
            Ok(Isolation::Process)
        );
        assert_eq!(isolation("--isolation task", Some("thread")), Ok(Isolation::Task));
        assert_eq!(
            isolation("", Some("thread")),
            Err("ORDERS_ISOLATION must be process or task".to_owned())
        );
    }

    #[test]
    fn the_functions_of_another_program_run_in_processes() {
        let isolation = |line: &str, variable: &str| arguments(line).isolation(Some(OsStr::new(variable)));
        for variable in ["task", "process", "", "thread"] {
            assert_eq!(isolation("--functions x", variable).unwrap(), Isolation::Process);
        }
        assert_eq!(
            isolation("--functions x --isolation process", "task").unwrap(),
            Isolation::Process
        );
        assert!(isolation("--functions x --isolation task", "").is_err());
    }

    #[test]
    fn a_value_may_contain_an_equals_sign_or_be_empty() {
        assert_eq!(parse_parameter("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(parse_parameter("A="), Ok(("A".to_owned(), String::new())));
        assert!(parse_parameter("=b").is_err());
    }
}
