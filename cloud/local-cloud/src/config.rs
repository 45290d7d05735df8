//! The options of a local cloud.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use cloud_data_dir::Endpoints;
use cloud_faults::FaultPlan;
use cloud_http::Router;
use cloud_lambda::Launcher;
pub use cloud_store::Durability;

/// The options of [`LocalCloud::start`](crate::LocalCloud::start).
#[derive(Clone, Debug)]
pub struct LocalCloudConfig {
    /// Where the state is stored.
    pub data: DataLocation,
    /// Which kind of failure an acknowledged write survives.
    pub durability: Durability,
    /// The port of the REST API. 0 chooses a free port.
    pub api_port: u16,
    /// The port of the AWS endpoint. 0 chooses a free port.
    pub aws_port: u16,
    /// The text of the SAM template.
    pub template: String,
    /// Values for the parameters of the template. They replace the defaults.
    pub parameters: BTreeMap<String, String>,
    /// Finds the program of a function.
    pub launcher: Launcher,
    /// Whether email subscriptions are confirmed at once. Otherwise the link in the confirmation email
    /// confirms them.
    pub confirm_emails: bool,
    /// How long emails are kept in the mailbox. `None` keeps them for ever.
    pub keep_mail: Option<Duration>,
    /// The maximum number of concurrent invocations of one function. More are throttled. A reserved concurrency in the
    /// template can make it smaller.
    pub function_concurrency: usize,
    /// The maximum number of processes of one function. Invocations beyond it wait for one.
    pub function_processes: usize,
    /// The name of the template's parameter that lists the origins of the web pages that may call the REST API. The
    /// function answers the browser; the listener refuses the pages of other origins.
    pub origins_parameter: String,
    /// Whether the AWS endpoint refuses access keys that it does not know. The operator's key is in
    /// [`Endpoints`].
    pub strict_keys: bool,
    /// The value of an API key whose value the template does not name. `None` generates one at each start. It is in
    /// [`Endpoints`].
    pub api_key: Option<String>,
    /// The fault plan from the start on. `None` means no faults.
    pub faults: Option<FaultPlan>,
    /// Web pages that are served on the port of the REST API.
    pub pages: Option<Pages>,
    /// Stacks beside the first one, in the same account and region.
    pub further_stacks: Vec<FurtherStack>,
}

/// A stack beside the first one. Its REST API has a port of its own. The launcher, the limits of functions and the data directory
/// are those of the first stack.
#[derive(Clone, Debug)]
pub struct FurtherStack {
    /// The name of the stack.
    pub name: String,
    /// The text of the SAM template.
    pub template: String,
    /// Values for the parameters of the template. They replace the defaults.
    pub parameters: BTreeMap<String, String>,
    /// The port of the REST API.
    pub api_port: Port,
    /// The command-line option that sets the port, for the error about a taken one.
    pub port_option: &'static str,
    /// Web pages on the port of the REST API. They may call the REST API of the first stack: their origin is added to the first
    /// stack's parameter [`LocalCloudConfig::origins_parameter`].
    pub pages: Option<Pages>,
    /// Writes the URL of the REST API into the endpoints, under the name by which other programs know it.
    pub announce: fn(&mut Endpoints, &str),
}

/// Where a listener listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This port, and no other. 0 chooses a free port.
    Exactly(u16),
    /// This port, or a free one if it is taken.
    Preferably(u16),
}

/// Web pages beside the REST API.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The path of the first page, for example `/console`. Its URL is in [`Endpoints`].
    pub path: &'static str,
    /// The routes. All begin with the path. Put [`refuse_foreign_pages`](crate::http::refuse_foreign_pages) around them,
    /// because the port is also open to the origins that may call the REST API.
    pub routes: Router,
}

/// Where the state is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataLocation {
    /// In a directory. It is created if needed.
    Directory(PathBuf),
    /// In memory. The state is lost when the process ends.
    Ephemeral,
}

/// How long emails are kept unless something else is asked for.
pub const DEFAULT_KEEP_MAIL: Duration = Duration::from_hours(30 * 24);

impl LocalCloudConfig {
    /// Creates the default options: free ports, state in memory, emails confirmed.
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
            keep_mail: Some(DEFAULT_KEEP_MAIL),
            function_concurrency: DEFAULT_CONCURRENCY,
            function_processes: default_processes(),
            origins_parameter: "AllowedOrigins".to_owned(),
            strict_keys: false,
            api_key: None,
            faults: None,
            pages: None,
            further_stacks: Vec::new(),
        }
    }
}

/// The default limit of an AWS account. Source: Lambda Developer Guide, "Lambda quotas".
const DEFAULT_CONCURRENCY: usize = 1000;

/// Twice the number of processors, but 4 to 16. A function waits for its calls most of the time, so it can
/// use more processes than processors. A burst must not start hundreds of processes.
fn default_processes() -> usize {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    (processors * 2).clamp(4, 16)
}
