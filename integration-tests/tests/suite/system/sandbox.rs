//! The directory of a test, and the systems that are started in it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use integration_tests::time_limit::TimeLimit;
use serde_json::Value;
use tempfile::TempDir;

use super::command::orderctl;
use super::declared::require_declaration;
use super::handle::{Kind, System};
use super::http::new_client;
use super::target::{self, Stack, Target};
use super::trail::Trail;
use super::turn::Turn;
use super::wait::{eventually, start_time_limit};

/// The directory of a test, which keeps a system's state when the test restarts it, and the time limit of the test.
pub(crate) struct Sandbox {
    directory: TempDir,
    _time_limit: TimeLimit,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            _time_limit: start_time_limit(),
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The operator's command on the system of this directory.
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

    /// The command that starts a system in this directory, on free ports.
    pub(crate) fn up(&self) -> Command {
        let mut command = orderctl();
        command.env_remove("ORDERS_TARGET").env_remove("AWS_ENDPOINT_URL");
        command.arg("--data-dir").arg(self.data_dir());
        command.args(["up", "--api-port", "0", "--aws-port", "0", "--ready-file"]);
        command.arg(self.file("ready.json"));
        command
    }

    /// The same without the shop, which most tests do not need.
    fn up_without_shop(&self) -> Command {
        let mut command = self.up();
        command.arg("--no-shop");
        command
    }

    /// Starts a system in this directory, or takes a turn on the shared stack beside other tests.
    pub(crate) async fn start(&self) -> System {
        match Target::get() {
            Target::Local => self.spawn(self.up_without_shop()).await,
            Target::Stack(stack) => System::of_stack(stack, Turn::take_shared().await),
        }
    }

    /// Writes the template with a visibility timeout of 4 seconds instead of 210, so that the messages that a killed system
    /// had in flight come back soon.
    pub(crate) fn write_template_with_short_visibility(&self) -> PathBuf {
        let template = include_str!("../../../../template.yaml");
        assert!(template.contains("VisibilityTimeout: 210"));
        let path = self.file("template.yaml");
        let template = template.replace("VisibilityTimeout: 210", "VisibilityTimeout: 4");
        std::fs::write(&path, template).unwrap();
        path
    }

    /// Starts a system in this directory, or takes the shared stack while no other test runs. For tests that change the
    /// dead letters of other tests.
    pub(crate) async fn start_alone(&self) -> System {
        match Target::get() {
            Target::Local => self.spawn(self.up_without_shop()).await,
            Target::Stack(stack) => System::of_stack(stack, Turn::take_exclusive().await),
        }
    }

    /// Starts a system of the test's own, and waits until it is ready.
    pub(crate) async fn start_with(&self, arguments: &[&str]) -> System {
        self.start_in(arguments, |_| {}).await
    }

    /// The same, with a change to the environment of `up`.
    pub(crate) async fn start_in(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> System {
        let mut up = self.up_without_shop();
        change(&mut up);
        up.args(arguments);
        self.spawn_undeployed(up).await
    }

    /// Starts a system of the test's own with the shop.
    pub(crate) async fn start_with_shop(&self) -> System {
        self.spawn_undeployed(self.up()).await
    }

    /// Starts a system that a shared stack cannot stand for.
    async fn spawn_undeployed(&self, up: Command) -> System {
        if !Target::get().is_local() {
            target::fail_on_shared_stack(&format!("{up:?}"));
        }
        require_declaration();
        self.spawn(up).await
    }

    /// Starts a system by this command, and waits until it is ready.
    async fn spawn(&self, mut up: Command) -> System {
        let ready_file = self.file("ready.json");
        // A killed system does not remove its ready file.
        let _ = std::fs::remove_file(&ready_file);
        let log = std::fs::File::create(self.file("up.log")).unwrap();
        let mut child = up
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
            http: new_client(),
            trail: Trail::new(
                ready["data_dir"]
                    .as_str()
                    .map(|path| PathBuf::from(path).join("logs")),
            ),
        }
    }
}

impl System {
    fn of_stack(stack: &'static Stack, turn: Turn) -> Self {
        Self {
            kind: Kind::Shared { stack, _turn: turn },
            api_url: stack.api_url.clone(),
            aws_endpoint_url: stack.endpoint_url.clone().unwrap_or_default(),
            http: new_client(),
            trail: Trail::new(stack.function_logs.clone()),
        }
    }
}
