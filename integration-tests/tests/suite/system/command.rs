//! The operator's command.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::handle::{Kind, System};
use super::target::Target;
use super::wait::eventually;

const PROGRAM: &str = env!("CARGO_BIN_EXE_orders-under-test");

/// The operator's command, in an environment that names no system of this machine.
pub(crate) fn orderctl() -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env_remove("ORDERS_API_URL")
        .env("NO_COLOR", "1")
        // Not in the state directory of the user who runs the tests, and not where another user's file may be.
        .env(
            "ORDERS_AUDIT_LOG",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/orders-suite-audit.jsonl"),
        );
    if Target::get().is_local() {
        command.env_remove("ORDERS_TARGET").env_remove("AWS_ENDPOINT_URL");
    }
    command
}

impl System {
    /// Runs the operator's command on this system, and waits for its end.
    pub(crate) fn orderctl(&self, arguments: &[&str]) -> Output {
        let mut command = orderctl();
        if let Kind::Shared { stack, .. } = &self.kind {
            command.args(stack.orderctl_arguments());
        }
        command
            .args(["--api-url", &self.api_url])
            .args(arguments)
            .stdin(Stdio::null());
        // For a deployed stack the SDK finds the endpoint: that of AWS, or the one in the environment.
        if let Kind::Own(_) = &self.kind {
            command.args(["--aws-endpoint-url", &self.aws_endpoint_url]);
        }
        command.output().unwrap()
    }

    /// Runs a command that succeeds, and returns what it printed.
    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.orderctl(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that prints a JSON document, and parses it.
    pub(crate) fn read_json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.printed(arguments)).unwrap()
    }

    /// Runs a command that prints JSON Lines, and parses them.
    pub(crate) fn read_json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let text = self.printed(arguments);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Waits for the first dead letter whose body contains `token`.
    pub(crate) async fn wait_for_dead_letter(&self, token: &str) -> Value {
        self.trail.add(token);
        eventually(&format!("a dead letter contains {token}"), async || {
            self.list_dead_letters(token).into_iter().next()
        })
        .await
    }

    /// Lists the dead letters whose body contains `token`.
    pub(crate) fn list_dead_letters(&self, token: &str) -> Vec<Value> {
        let mut dead_letters = self.read_json_lines(&["dlq", "list", "--json"]);
        dead_letters.retain(|dead_letter| dead_letter["body"].as_str().unwrap().contains(token));
        dead_letters
    }
}
