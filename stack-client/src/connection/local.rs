//! The system on this machine, by its data directory.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use terminal::exit::UnreachableError;
use terminal::{invocation, text};

use super::defaults::DEFAULT_DATA_DIR;
use super::http;
use super::operator_key::OperatorKey;
use super::stack::Stack;

/// The file in which a running system says where it answers. It is absent while the system does not run, unless the
/// system was killed.
const ENDPOINTS: &str = "endpoints.json";
/// The file of the template's outputs, by their names, as they were when the system last started.
const OUTPUTS: &str = "outputs.json";
/// The file that a running system holds locked.
const LOCK: &str = "lock";
/// The timeout of the request for the instance id.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

/// As much of `endpoints.json` as a client needs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Endpoints {
    /// The REST API, such as `http://127.0.0.1:8080`.
    pub(super) api_url: String,
    /// The AWS endpoint, such as `http://127.0.0.1:4566`.
    pub(super) aws_endpoint_url: String,
    /// The REST API of the shop's catalogue, if the shop runs.
    pub(super) catalog_url: Option<String>,
    /// The id of the run. Older systems have none.
    #[serde(default)]
    pub(super) instance_id: String,
    /// The operator's access key, if the AWS endpoint refuses keys that it does not know.
    pub(super) operator: Option<OperatorKey>,
    /// The API key, if the API asks for one.
    #[serde(default)]
    pub(super) api_key: Option<String>,
}

/// As much of `/_local/health` as a client needs.
#[derive(Debug, Deserialize)]
struct Health {
    #[serde(default)]
    instance_id: String,
}

/// Reads where the system of this data directory answers.
pub(super) fn endpoints(data_dir: &Path) -> anyhow::Result<Endpoints> {
    let directory = text::quote_path(data_dir);
    let program = invocation::program_name();
    let given = if data_dir == Path::new(DEFAULT_DATA_DIR) {
        String::new()
    } else {
        format!(" --data-dir {directory}")
    };
    let endpoints = read(&data_dir.join(ENDPOINTS)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => UnreachableError(format!(
            "nothing runs here: start it with `{program} up{given}`, or name it by --data-dir, or by --api-url and \
             --aws-endpoint-url (looked in {directory}); for a stack on AWS, say --target aws"
        ))
        .into(),
        _ => anyhow::Error::new(error).context(format!("the endpoints in {directory} cannot be read")),
    })?;
    if is_abandoned(data_dir) {
        return Err(UnreachableError(format!(
            "the system of {directory} does not run any more: it was killed. Start it again with `{program} up \
             --data-dir {directory}`; it keeps its data"
        ))
        .into());
    }
    Ok(endpoints)
}

/// Whether no process holds the data directory. A system that was killed leaves its endpoints behind, and another system
/// may listen on the same ports now.
///
/// The lock is shared, and released at once. `up` tries again for a moment if it meets it.
fn is_abandoned(data_dir: &Path) -> bool {
    // Without a lock file the instance id alone decides.
    let Ok(file) = File::open(data_dir.join(LOCK)) else {
        return false;
    };
    match file.try_lock_shared() {
        Ok(()) => true,
        // Some file systems have no locks.
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}

/// The process that holds the data directory. It writes its id into the file of the lock.
pub(super) fn process_id(data_dir: &Path) -> Option<u32> {
    let holder = std::fs::read_to_string(data_dir.join(LOCK)).ok()?;
    holder.trim().parse().ok().filter(|_| !is_abandoned(data_dir))
}

/// Makes sure that the system at the endpoints is the one that wrote them. Another one may have taken its ports.
pub(super) async fn verify(endpoints: &Endpoints, data_dir: &Path) -> anyhow::Result<()> {
    if endpoints.instance_id.is_empty() {
        return Ok(());
    }
    let directory = text::quote_path(data_dir);
    let url = format!("{}/_local/health", endpoints.aws_endpoint_url);
    let client = http::client_for(&url, HEALTH_TIMEOUT)?;
    let answer = client.get(&url).send().await;
    let answer = answer.with_context(|| {
        format!(
            "the system of {directory} does not answer at {}",
            endpoints.aws_endpoint_url
        )
    })?;
    let body = answer.bytes().await.context("the system's answer was cut off")?;
    let health: Option<Health> = serde_json::from_slice(&body).ok();
    if health.is_some_and(|health| health.instance_id == endpoints.instance_id) {
        return Ok(());
    }
    Err(UnreachableError(format!(
        "another system answers at {}: the one of {directory} does not run there. Start it with `{} up --data-dir \
         {directory}`, or name the other one by its --data-dir",
        endpoints.aws_endpoint_url,
        invocation::program_name()
    ))
    .into())
}

/// Reads the outputs of the system of this data directory. A system that never started has none.
pub(super) fn stack(data_dir: &Path) -> anyhow::Result<Stack> {
    match read::<BTreeMap<String, String>>(&data_dir.join(OUTPUTS)) {
        Ok(outputs) => Ok(Stack::local(outputs)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Stack::default()),
        Err(error) => Err(anyhow::Error::new(error).context(format!(
            "the outputs in {} cannot be read",
            text::quote_path(data_dir)
        ))),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&std::fs::read(path)?).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_endpoints(directory: &Path, url: &str, id: &str) {
        let endpoints =
            format!(r#"{{"api_url": "{url}", "aws_endpoint_url": "{url}", "instance_id": "{id}"}}"#);
        std::fs::write(directory.join(ENDPOINTS), endpoints).unwrap();
    }

    #[test]
    fn endpoints_without_a_holder_are_abandoned() {
        let directory = tempfile::tempdir().unwrap();
        write_endpoints(directory.path(), "http://a", "");
        let lock = File::create(directory.path().join(LOCK)).unwrap();
        let error = endpoints(directory.path()).unwrap_err();
        assert!(error.is::<UnreachableError>(), "{error}");
        assert!(error.to_string().contains("it was killed"), "{error}");
        lock.lock().unwrap();
        assert_eq!(endpoints(directory.path()).unwrap().api_url, "http://a");
    }

    #[test]
    fn the_process_of_a_system_is_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(process_id(directory.path()), None);
        std::fs::write(directory.path().join(LOCK), "1234\n").unwrap();
        assert_eq!(process_id(directory.path()), None, "nobody holds it");
        let lock = File::open(directory.path().join(LOCK)).unwrap();
        lock.lock().unwrap();
        assert_eq!(process_id(directory.path()), Some(1234));
    }

    #[tokio::test]
    async fn a_system_with_another_id_is_not_used() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let directory = tempfile::tempdir().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await.unwrap();
                let body = r#"{"instance_id": "one"}"#;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        write_endpoints(directory.path(), &url, "one");
        let found = endpoints(directory.path()).unwrap();
        verify(&found, directory.path()).await.unwrap();
        write_endpoints(directory.path(), &url, "other");
        let found = endpoints(directory.path()).unwrap();
        let error = verify(&found, directory.path()).await.unwrap_err();
        assert!(error.is::<UnreachableError>(), "{error}");
        assert!(
            error.to_string().starts_with("another system answers at "),
            "{error}"
        );
    }
}
