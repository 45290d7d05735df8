//! This run of the system, as its health and its status describe it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde::Serialize;
use uuid::Uuid;

/// This run of the system. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Instance(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: Uuid,
    started_at: SystemTime,
    directory: Option<PathBuf>,
    deployment: OnceLock<Deployment>,
}

/// What runs on the services.
pub struct Deployment {
    /// The name of the stack.
    pub stack_name: String,
    /// Returns the state of each function.
    pub functions: Box<dyn Fn() -> Vec<FunctionState> + Send + Sync>,
}

impl std::fmt::Debug for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployment")
            .field("stack_name", &self.stack_name)
            .finish_non_exhaustive()
    }
}

/// The state of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionState {
    /// The physical name.
    pub name: String,
    /// The number of its processes that wait for work.
    pub idle_processes: usize,
    /// Why its last process could not start. `null` once one has started.
    pub start_failure: Option<String>,
}

impl Instance {
    /// Creates the description of a run, with a random id. `directory` is the data directory.
    #[must_use]
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner {
            id: Uuid::new_v4(),
            started_at: SystemTime::now(),
            directory,
            deployment: OnceLock::new(),
        }))
    }

    /// The id. Each start has another one, so that a client which has read it from `endpoints.json` can tell whether it
    /// still talks to the same run.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.id.to_string()
    }

    /// Says what runs on the services, once it does. A second call changes nothing.
    pub fn deployed(&self, deployment: Deployment) {
        let _first_stays = self.0.deployment.set(deployment);
    }

    pub(crate) fn started_at(&self) -> SystemTime {
        self.0.started_at
    }

    pub(crate) fn directory(&self) -> Option<&PathBuf> {
        self.0.directory.as_ref()
    }

    pub(crate) fn stack_name(&self) -> Option<&str> {
        Some(&self.0.deployment.get()?.stack_name)
    }

    pub(crate) fn functions(&self) -> Vec<FunctionState> {
        let deployment = self.0.deployment.get();
        deployment.map_or_else(Vec::new, |deployment| (deployment.functions)())
    }
}
