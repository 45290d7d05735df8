//! The system on this machine, by its data directory.

use std::io::ErrorKind;
use std::path::Path;

use local_cloud::data_dir::{Endpoints, Outputs};

use super::Stack;
use crate::invocation;

/// Where the system on this directory answers.
pub(super) fn endpoints(data_dir: &Path) -> anyhow::Result<Endpoints> {
    let directory = data_dir.display();
    Endpoints::read(data_dir).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!(
            "nothing runs here: start it with `{} up`, or name it by --data-dir, or by --api-url and \
             --aws-endpoint-url (looked in {directory}); for a stack on AWS, say --target aws",
            invocation::program()
        ),
        _ => anyhow::Error::new(error).context(format!("the endpoints in {directory} cannot be read")),
    })
}

/// What the template's outputs are here.
pub(super) fn stack(data_dir: &Path) -> anyhow::Result<Stack> {
    match Outputs::read(data_dir) {
        Ok(Outputs(outputs)) => Ok(Stack::local(outputs)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Stack::default()),
        Err(error) => Err(anyhow::Error::new(error)
            .context(format!("the outputs in {} cannot be read", data_dir.display()))),
    }
}
