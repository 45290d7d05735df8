//! The functions as tasks of this program.

use clap::ValueEnum as _;
use local_cloud::lambda::{Task, TaskError};

use super::service::ServiceName;
use super::task_host::TaskHost;

/// The task of a function, by the name of its program. One that is not built in fails when it starts.
pub(super) fn find(binary: &str) -> Task {
    let name = ServiceName::from_str(binary, false);
    Task::new(move |context| {
        let name = name.clone();
        async move { name.map_err(TaskError::from)?.run(TaskHost::start(context)).await }
    })
}
