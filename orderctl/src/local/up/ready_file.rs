//! The file that tells another program that everything is ready.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use local_cloud::data_dir::Endpoints;

/// Removes the file of an earlier run, since it would report that this run is ready.
pub(super) fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be replaced", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the file. A reader sees no file or all of it, since the file is renamed after it is written.
pub(super) fn write(path: &Path, endpoints: &Endpoints) -> anyhow::Result<()> {
    write_atomically(path, endpoints).with_context(|| format!("{} cannot be written", path.display()))
}

fn write_atomically(path: &Path, endpoints: &Endpoints) -> io::Result<()> {
    // A rename needs both files on one file system.
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    // Only this user may read the file: it may hold the operator's access key.
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(directory)?;
    serde_json::to_writer(&mut file, endpoints)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use stack_client::Connection;

    use super::*;

    /// The local cloud writes the same text to `endpoints.json` in its data directory.
    #[tokio::test]
    async fn a_client_can_read_the_endpoints() {
        let directory = tempfile::tempdir().unwrap();
        let endpoints = Endpoints {
            api_url: "http://127.0.0.1:1".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:2".to_owned(),
            console_url: None,
            shop_url: None,
            catalog_url: None,
            data_dir: Some(directory.path().to_owned()),
            // Nothing answers at these URLs.
            instance_id: String::new(),
            operator: None,
            api_key: None,
        };
        write(&directory.path().join("endpoints.json"), &endpoints).unwrap();
        let connection = Connection::local(directory.path().to_owned());
        assert_eq!(connection.api_url().await.unwrap(), endpoints.api_url);
        assert_eq!(
            connection.local_endpoint_url().await.unwrap(),
            endpoints.aws_endpoint_url
        );
    }

    #[test]
    fn it_is_written_completely_and_leaves_no_other_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ready.json");
        let endpoints = Endpoints {
            api_url: "http://127.0.0.1:1".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:2".to_owned(),
            console_url: None,
            shop_url: None,
            catalog_url: None,
            data_dir: None,
            instance_id: "b7c1".to_owned(),
            operator: None,
            api_key: None,
        };
        remove(&path).unwrap();
        write(&path, &endpoints).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        insta::assert_snapshot!(text, @r#"{"api_url":"http://127.0.0.1:1","aws_endpoint_url":"http://127.0.0.1:2","data_dir":null,"instance_id":"b7c1"}"#);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        assert!(!path.exists());
    }
}
