//! The system that the suite tests, selected by the environment.
//!
//! | variable | meaning |
//! |---|---|
//! | `ORDERS_TARGET` | `local` (default): every test starts a system of its own; `aws`: all tests share a deployed stack |
//! | `ORDERS_STACK` | the stack's name, `orders` by default |
//! | `ORDERS_NAME_PREFIX` | the stack's `NamePrefix`, empty by default |
//! | `ORDERS_API_URL` | the API, stage included |
//! | `ORDERS_API_KEY` | the API key, if the API needs one |
//! | `ORDERS_MAIL_QUEUE_URL` | a queue that is subscribed to the emails; without it mail is read from LocalStack's `/_aws/ses` |
//! | `ORDERS_FUNCTION_LOGS` | the folder of the functions' logs, for the report of a failed test |
//! | `AWS_ENDPOINT_URL` | the endpoint of LocalStack, and unset for AWS itself; region and credentials are read as by any SDK |

use std::path::PathBuf;
use std::sync::OnceLock;

/// The system that the suite tests.
pub(super) enum Target {
    /// Each test starts a system of its own.
    Local,
    /// All tests share a stack that is already deployed.
    Stack(Stack),
}

/// A deployed stack.
pub(super) struct Stack {
    name: String,
    name_prefix: String,
    pub(super) api_url: String,
    /// The folder of the functions' logs, if it is known.
    pub(super) function_logs: Option<PathBuf>,
    pub(super) api_key: Option<String>,
    /// A queue that is subscribed to the emails.
    pub(super) mail_queue_url: Option<String>,
    /// The endpoint of LocalStack. `None` for AWS.
    pub(super) endpoint_url: Option<String>,
}

impl Target {
    pub(super) fn get() -> &'static Self {
        static TARGET: OnceLock<Target> = OnceLock::new();
        TARGET.get_or_init(|| Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty())))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        match variable("ORDERS_TARGET").as_deref() {
            None | Some("local") => Self::Local,
            Some("aws") => Self::Stack(Stack {
                name: variable("ORDERS_STACK").unwrap_or_else(|| "orders".to_owned()),
                name_prefix: variable("ORDERS_NAME_PREFIX").unwrap_or_default(),
                api_url: variable("ORDERS_API_URL")
                    .unwrap_or_else(|| panic!("ORDERS_API_URL must be set to the URL of the stack's API")),
                function_logs: variable("ORDERS_FUNCTION_LOGS").map(PathBuf::from),
                api_key: variable("ORDERS_API_KEY"),
                mail_queue_url: variable("ORDERS_MAIL_QUEUE_URL"),
                endpoint_url: variable("AWS_ENDPOINT_URL"),
            }),
            Some(other) => panic!("ORDERS_TARGET is {other:?}, but must be local or aws"),
        }
    }

    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local)
    }
}

impl Stack {
    /// The name in this stack of a queue or table of the template.
    pub(super) fn physical_name(&self, name: &str) -> String {
        format!("{}{name}", self.name_prefix)
    }

    /// The stage: the last part of the API's URL.
    pub(super) fn stage(&self) -> &str {
        self.api_url.rsplit_once('/').map_or("", |(_, stage)| stage)
    }

    /// The arguments that select this stack in the operator's command.
    pub(super) fn orderctl_arguments(&self) -> [&str; 4] {
        ["--target", "aws", "--stack", &self.name]
    }
}

/// Fails a test that cannot run on a shared stack.
pub(super) fn fail_on_shared_stack(what: &str) -> ! {
    panic!(
        "this test needs {what}, which a shared stack does not have: declare the test in integration-tests/skipped.toml"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_selects_the_target() {
        assert!(Target::read(|_| None).is_local());
        let Target::Stack(stack) = Target::read(|name| match name {
            "ORDERS_TARGET" => Some("aws".to_owned()),
            "ORDERS_NAME_PREFIX" => Some("staging-".to_owned()),
            "ORDERS_API_URL" => Some("http://127.0.0.1:1/dev".to_owned()),
            _ => None,
        }) else {
            panic!("aws is a stack");
        };
        assert_eq!(stack.physical_name("orders-dlq"), "staging-orders-dlq");
        assert_eq!(
            stack.orderctl_arguments(),
            ["--target", "aws", "--stack", "orders"]
        );
    }
}
