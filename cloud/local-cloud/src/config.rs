//! What a local cloud is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cloud_faults::FaultPlan;
use cloud_lambda::Launcher;
pub use cloud_store::Durability;

/// The options of [`LocalCloud::start`](crate::LocalCloud::start).
#[derive(Clone, Debug)]
pub struct LocalCloudConfig {
    /// Where the state is kept.
    pub data: DataLocation,
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// The REST API's port; 0 picks a free one.
    pub api_port: u16,
    /// The AWS endpoint's port; 0 picks a free one.
    pub aws_port: u16,
    /// The text of the SAM template.
    pub template: String,
    /// Values for the template's parameters, over their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Finds the program of a function.
    pub launcher: Launcher,
    /// Whether email subscriptions are confirmed at once, instead of by the link in the mail.
    pub confirm_emails: bool,
    /// Most processes of one function, where the template reserves fewer or none.
    pub function_concurrency: usize,
    /// What goes wrong on purpose, from the start on; nothing where absent.
    pub faults: Option<FaultPlan>,
}

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataLocation {
    /// In a directory, which is created.
    Directory(PathBuf),
    /// In memory: it ends with the process.
    Ephemeral,
}

impl LocalCloudConfig {
    /// The usual options: free ports, in memory, emails confirmed.
    #[must_use]
    pub fn new(template: impl Into<String>, launcher: Launcher) -> Self {
        Self {
            data: DataLocation::Ephemeral,
            durability: Durability::default(),
            api_port: 0,
            aws_port: 0,
            template: template.into(),
            parameters: BTreeMap::new(),
            launcher,
            confirm_emails: true,
            function_concurrency: default_concurrency(),
            faults: None,
        }
    }
}

/// Twice the processors, 4 to 16: a function waits for its calls most of the time, and a burst must not start hundreds.
fn default_concurrency() -> usize {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    (processors * 2).clamp(4, 16)
}
