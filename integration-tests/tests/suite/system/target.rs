//! What the suite drives, chosen by the environment.
//!
//! | variable | meaning |
//! |---|---|
//! | `ORDERS_TARGET` | `local` (default): every test starts a system of its own; `aws`: all share a deployed stack |
//! | `ORDERS_STACK` | the stack's name, `orders` by default |
//! | `ORDERS_NAME_PREFIX` | the stack's `NamePrefix`, empty by default |
//! | `ORDERS_API_URL` | the API, stage included |
//! | `ORDERS_API_KEY` | its key, if it asks for one |
//! | `ORDERS_MAIL_QUEUE_URL` | a queue that gets what email subscribers get; without it mail is read at LocalStack's `/_aws/ses` |
//! | `ORDERS_FUNCTION_LOGS` | a folder of the functions' logs, for the report of a failed test |
//! | `AWS_ENDPOINT_URL` | LocalStack, or nothing for AWS itself; region and credentials as for any SDK |

use std::path::PathBuf;
use std::sync::OnceLock;

use tokio::sync::RwLock;

use super::Turn;

/// The tests' turns on a shared stack.
static TURNS: RwLock<()> = RwLock::const_new(());

/// What the suite drives.
pub(super) enum Target {
    /// Systems of the tests' own.
    Local,
    /// A stack that is deployed already.
    Stack(Stack),
}

/// A deployed stack.
pub(super) struct Stack {
    name: String,
    name_prefix: String,
    pub(super) api_url: String,
    /// A folder of the functions' logs.
    pub(super) function_logs: Option<PathBuf>,
    pub(super) api_key: Option<String>,
    /// A queue that gets what email subscribers get.
    pub(super) mail_queue_url: Option<String>,
    /// LocalStack's endpoint, and none for AWS.
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
                    .unwrap_or_else(|| panic!("ORDERS_API_URL must say where the stack's API answers")),
                function_logs: variable("ORDERS_FUNCTION_LOGS").map(PathBuf::from),
                api_key: variable("ORDERS_API_KEY"),
                mail_queue_url: variable("ORDERS_MAIL_QUEUE_URL"),
                endpoint_url: variable("AWS_ENDPOINT_URL"),
            }),
            Some(other) => panic!("ORDERS_TARGET is {other:?}, and must be local or aws"),
        }
    }

    pub(super) fn is_local(&self) -> bool {
        matches!(self, Self::Local)
    }
}

impl Stack {
    /// The name that the template's `name` has in this stack.
    pub(super) fn physical_name(&self, name: &str) -> String {
        format!("{}{name}", self.name_prefix)
    }

    /// The last part of the API's URL: the stage.
    pub(super) fn stage(&self) -> &str {
        self.api_url.rsplit_once('/').map_or("", |(_, stage)| stage)
    }

    /// What tells the operator's command of this stack.
    pub(super) fn orderctl_arguments(&self) -> [&str; 4] {
        ["--target", "aws", "--stack", &self.name]
    }
}

impl Turn {
    /// Beside other tests.
    pub(super) async fn together() -> Self {
        Self::Together {
            _guard: TURNS.read().await,
        }
    }

    /// While no other test runs.
    pub(super) async fn alone() -> Self {
        Self::Alone {
            _guard: TURNS.write().await,
        }
    }
}

/// Ends a test that cannot run on a shared stack.
pub(super) fn needs_a_system_of_its_own(what: &str) -> ! {
    panic!(
        "this test needs {what}, which a shared stack cannot give: declare it in integration-tests/skipped.toml"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_what_is_driven() {
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
