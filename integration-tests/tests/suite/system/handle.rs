//! The handle of a running system, and the process behind it.

use std::process::{Child, ExitStatus};

use integration_tests::process::signal;

use super::declared::require_declaration;
use super::target::{self, Stack};
use super::trail::Trail;
use super::turn::Turn;
use super::wait::eventually;

/// A running system. A system that the test started is killed when the handle is dropped (`report.rs`).
pub(crate) struct System {
    pub(super) kind: Kind,
    pub(crate) api_url: String,
    pub(crate) aws_endpoint_url: String,
    pub(super) http: reqwest::Client,
    pub(super) trail: Trail,
}

/// The two kinds of systems.
pub(super) enum Kind {
    /// A process that the test started.
    Own(Child),
    /// A deployed stack that the tests share, and this test's turn on it.
    Shared { stack: &'static Stack, _turn: Turn },
}

impl System {
    pub(crate) fn process_id(&self) -> u32 {
        match &self.kind {
            Kind::Own(child) => {
                require_declaration();
                child.id()
            }
            Kind::Shared { .. } => target::fail_on_shared_stack("the process of the system"),
        }
    }

    /// Stops the system as Ctrl-C or a service manager does, and waits for its end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        signal("TERM", self.process_id()).unwrap();
        self.wait_for_end().await
    }

    /// Kills the system as a crash does: none of its code runs any more.
    pub(crate) async fn kill(&mut self) {
        signal("KILL", self.process_id()).unwrap();
        self.wait_for_end().await;
    }

    pub(crate) async fn wait_for_end(&mut self) -> ExitStatus {
        match &mut self.kind {
            Kind::Own(child) => {
                require_declaration();
                eventually("the process has ended", async || child.try_wait().unwrap()).await
            }
            Kind::Shared { .. } => target::fail_on_shared_stack("the end of the system"),
        }
    }
}
