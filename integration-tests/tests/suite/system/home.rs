//! Where a system keeps its state over restarts, and how it is started there.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::report::Trail;
use super::{Kind, System, Target, Turn, eventually, orderctl, target};

/// A directory for a system.
pub(crate) struct Home {
    directory: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The operator's command on the system that runs here, if one does.
    pub(crate) fn orderctl(&self) -> Command {
        let mut command = orderctl();
        match Target::get() {
            Target::Local => command.arg("--data-dir").arg(self.data_dir()),
            Target::Stack(stack) => command
                .args(stack.orderctl_arguments())
                .args(["--api-url", &stack.api_url]),
        };
        command
    }

    /// The line that starts a system here, on free ports.
    pub(crate) fn up(&self) -> Command {
        let mut command = orderctl();
        command.env_remove("ORDERS_TARGET").env_remove("AWS_ENDPOINT_URL");
        command.arg("--data-dir").arg(self.data_dir());
        command.args(["up", "--api-port", "0", "--aws-port", "0", "--ready-file"]);
        command.arg(self.file("ready.json"));
        command
    }

    /// Starts a system here, or takes the shared stack beside other tests.
    pub(crate) async fn start(&self) -> System {
        match Target::get() {
            Target::Local => self.start_with(&[]).await,
            Target::Stack(stack) => System::of_stack(stack, Turn::together().await),
        }
    }

    /// The template, but what a killed system had in flight comes back after 4 s: its visibility timeout of 210 s is
    /// long for a test.
    pub(crate) fn template_with_short_visibility(&self) -> PathBuf {
        let template = include_str!("../../../../template.yaml");
        assert!(template.contains("VisibilityTimeout: 210"));
        let path = self.file("template.yaml");
        let template = template.replace("VisibilityTimeout: 210", "VisibilityTimeout: 4");
        std::fs::write(&path, template).unwrap();
        path
    }

    /// Starts a system here, or takes the shared stack while no other test runs: for what touches every dead letter.
    pub(crate) async fn start_alone(&self) -> System {
        match Target::get() {
            Target::Local => self.start_with(&[]).await,
            Target::Stack(stack) => System::of_stack(stack, Turn::alone().await),
        }
    }

    /// Starts a system of the test's own and waits until it says that it is ready.
    pub(crate) async fn start_with(&self, arguments: &[&str]) -> System {
        if !Target::get().is_local() {
            target::needs_a_system_of_its_own(&format!("`up` with {arguments:?}"));
        }
        let ready_file = self.file("ready.json");
        // A killed system leaves its file behind.
        let _ = std::fs::remove_file(&ready_file);
        let log = std::fs::File::create(self.file("up.log")).unwrap();
        let mut child = self
            .up()
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let ready = eventually("the system is ready", async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!(
                    "up ended with {status}: {}",
                    std::fs::read_to_string(self.file("up.log")).unwrap()
                );
            }
            let text = std::fs::read_to_string(&ready_file).ok()?;
            Some(serde_json::from_str::<Value>(&text).unwrap())
        })
        .await;
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        System {
            kind: Kind::Own(child),
            api_url: text("api_url"),
            aws_endpoint_url: text("aws_endpoint_url"),
            http: http(),
            trail: Trail::new(
                ready["data_dir"]
                    .as_str()
                    .map(|path| PathBuf::from(path).join("logs")),
            ),
        }
    }
}

impl System {
    fn of_stack(stack: &'static target::Stack, turn: Turn) -> Self {
        Self {
            kind: Kind::Shared { stack, _turn: turn },
            api_url: stack.api_url.clone(),
            aws_endpoint_url: stack.endpoint_url.clone().unwrap_or_default(),
            http: http(),
            trail: Trail::new(stack.function_logs.clone()),
        }
    }
}

/// A client that goes past any proxy, for one runtime: its connections are driven by the runtime that opened them.
pub(super) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        // LocalStack closes what was idle for 5 seconds, and a request that meets the closing fails.
        .pool_idle_timeout(Duration::from_secs(1))
        .build()
        .unwrap()
}
