//! The system on this machine, by its data directory.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use terminal::invocation;

use super::stack::Stack;

/// The file in which a running system says where it answers. It is absent while the system does not run.
const ENDPOINTS: &str = "endpoints.json";
/// The file of the template's outputs, by their names, as they were when the system last started.
const OUTPUTS: &str = "outputs.json";

/// As much of `endpoints.json` as a client needs.
#[derive(Debug, Deserialize)]
pub(super) struct Endpoints {
    /// The REST API, such as `http://127.0.0.1:8080`.
    pub(super) api_url: String,
    /// The AWS endpoint, such as `http://127.0.0.1:4566`.
    pub(super) aws_endpoint_url: String,
    /// The operator's access key, if the AWS endpoint refuses keys that it does not know.
    pub(super) operator: Option<OperatorKey>,
}

/// The access key of the operator.
#[derive(Deserialize)]
pub(super) struct OperatorKey {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OperatorKey")
    }
}

/// Reads where the system of this data directory answers.
pub(super) fn endpoints(data_dir: &Path) -> anyhow::Result<Endpoints> {
    let directory = data_dir.display();
    read(&data_dir.join(ENDPOINTS)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!(
            "nothing runs here: start it with `{} up`, or name it by --data-dir, or by --api-url and \
             --aws-endpoint-url (looked in {directory}); for a stack on AWS, say --target aws",
            invocation::program_name()
        ),
        _ => anyhow::Error::new(error).context(format!("the endpoints in {directory} cannot be read")),
    })
}

/// Reads the outputs of the system of this data directory. A system that never started has none.
pub(super) fn stack(data_dir: &Path) -> anyhow::Result<Stack> {
    match read::<BTreeMap<String, String>>(&data_dir.join(OUTPUTS)) {
        Ok(outputs) => Ok(Stack::local(outputs)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Stack::default()),
        Err(error) => Err(anyhow::Error::new(error)
            .context(format!("the outputs in {} cannot be read", data_dir.display()))),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&std::fs::read(path)?).map_err(io::Error::from)
}
