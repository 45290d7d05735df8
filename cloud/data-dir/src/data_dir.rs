//! The data directory: its lock, and the files that other programs read.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::DataDirError;
use crate::lock::Lock;
use crate::private;

/// The addresses of a running local cloud. Other programs read them from `endpoints.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The URL of the REST API, for example `http://127.0.0.1:8080`.
    pub api_url: String,
    /// The URL of the AWS endpoint, for example `http://127.0.0.1:4566`.
    pub aws_endpoint_url: String,
    /// The URL of the page on which people look at the system, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console_url: Option<String>,
    /// The URL of the shop's pages, if it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_url: Option<String>,
    /// The URL of the REST API of the shop's catalogue, if it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_url: Option<String>,
    /// The absolute path of the data directory, or `None` if the state is in memory.
    pub data_dir: Option<PathBuf>,
    /// The id of this run. `/_local/health` answers the same one for as long as it runs. Empty in a file of an older
    /// version.
    #[serde(default)]
    pub instance_id: String,
    /// The operator's access key, if the AWS endpoint refuses all keys that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorKey>,
    /// The API key, if the REST API asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
}

/// An access key that may do everything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorKey {
    /// The id, by which the endpoint knows the operator.
    pub access_key_id: String,
    /// The secret. Clients sign with it; the endpoint does not check signatures.
    pub secret_access_key: String,
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OperatorKey")
    }
}

/// A data directory that this process has locked. Dropping it releases the lock.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: Lock,
}

const ENDPOINTS: &str = "endpoints.json";
const OUTPUTS: &str = "outputs.json";

impl DataDir {
    /// Creates the directory if needed, locks it, and takes the rights of other users away.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let fail = |source| DataDirError::Io {
            path: path.to_owned(),
            source,
        };
        private::create_directory(path).map_err(fail)?;
        let path = path.canonicalize().map_err(fail)?;
        let lock = Lock::acquire(&path)?;
        private::tighten(&path).map_err(fail)?;
        let directory = Self { path, _lock: lock };
        // A process that was killed leaves its endpoints file behind. Nothing listens at these addresses.
        directory.remove_endpoints()?;
        Ok(directory)
    }

    /// Returns its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the directory of the functions' logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// Tells other programs where it answers.
    pub fn write_endpoints(&self, endpoints: &Endpoints) -> Result<(), DataDirError> {
        self.write(ENDPOINTS, endpoints)
    }

    /// Keeps the stack's outputs.
    pub fn write_outputs(&self, outputs: &BTreeMap<String, String>) -> Result<(), DataDirError> {
        self.write(OUTPUTS, outputs)
    }

    /// Tells other programs that nobody answers any more.
    pub fn remove_endpoints(&self) -> Result<(), DataDirError> {
        let path = self.path.join(ENDPOINTS);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DataDirError::Io { path, source }),
            _ => Ok(()),
        }
    }

    /// Writes a file atomically: readers see the old file or the whole new one.
    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), DataDirError> {
        let path = self.path.join(name);
        let new = self.path.join(format!("{name}.new"));
        serde_json::to_vec_pretty(value)
            .map_err(io::Error::from)
            .and_then(|text| private::write(&new, &text))
            .and_then(|()| std::fs::rename(&new, &path))
            .map_err(|source| DataDirError::Io { path, source })
    }
}

impl Endpoints {
    /// Reads the endpoints of the local cloud that runs on a data directory.
    ///
    /// # Errors
    /// Returns `NotFound` if none runs there, or another file system error.
    pub fn read(data_dir: &Path) -> io::Result<Self> {
        let text = std::fs::read(data_dir.join(ENDPOINTS))?;
        serde_json::from_slice(&text).map_err(io::Error::from)
    }
}

/// The outputs of the template, for example `OrdersQueueUrl`, at the last start of a local cloud on a
/// directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Outputs(
    /// Values by output name.
    pub BTreeMap<String, String>,
);

impl Outputs {
    /// Reads the outputs that are stored in a data directory.
    ///
    /// # Errors
    /// Returns `NotFound` if no local cloud ever ran there, or another file system error.
    pub fn read(data_dir: &Path) -> io::Result<Self> {
        let text = std::fs::read(data_dir.join(OUTPUTS))?;
        serde_json::from_slice(&text).map_err(io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_a_second_process_names_the_first_process_id() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let first = DataDir::open(&path).unwrap();
        let error = DataDir::open(&path).unwrap_err().to_string();
        assert!(
            error.ends_with(&format!("is in use by process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        DataDir::open(&path).unwrap();
    }

    #[test]
    fn endpoints_can_be_read_until_they_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(directory.path()).unwrap();
        let endpoints = Endpoints {
            api_url: "http://127.0.0.1:1".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:2".to_owned(),
            console_url: None,
            shop_url: None,
            catalog_url: None,
            data_dir: Some(data_dir.path().to_owned()),
            instance_id: "b7c1".to_owned(),
            operator: None,
            api_key: None,
        };
        data_dir.write_endpoints(&endpoints).unwrap();
        assert_eq!(Endpoints::read(directory.path()).unwrap(), endpoints);
        data_dir.remove_endpoints().unwrap();
        assert_eq!(
            Endpoints::read(directory.path()).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn outputs_are_read_back() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(
            Outputs::read(directory.path()).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let outputs = BTreeMap::from([("OrdersTableName".to_owned(), "orders".to_owned())]);
        let data_dir = DataDir::open(directory.path()).unwrap();
        data_dir.write_outputs(&outputs).unwrap();
        assert_eq!(Outputs::read(directory.path()).unwrap(), Outputs(outputs));
    }
}
