//! The file by which another program learns that everything is up.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use local_cloud::data_dir::Endpoints;

/// Removes the file of an earlier run, which would tell of readiness too early.
pub(super) fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be replaced", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the file; whoever waits for it sees nothing, or all of it.
pub(super) fn write(path: &Path, endpoints: &Endpoints) -> anyhow::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    serde_json::to_vec(endpoints)
        .map_err(io::Error::from)
        .and_then(|text| {
            // It may hold the operator's access key.
            let mut options = std::fs::OpenOptions::new();
            let mut file = options
                .create(true)
                .truncate(true)
                .write(true)
                .mode(0o600)
                .open(&new)?;
            io::Write::write_all(&mut file, &text)
        })
        .and_then(|()| std::fs::rename(&new, path))
        .with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_replaced_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ready.json");
        let endpoints = Endpoints {
            api_url: "http://127.0.0.1:1".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:2".to_owned(),
            data_dir: None,
            operator: None,
        };
        remove(&path).unwrap();
        write(&path, &endpoints).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        insta::assert_snapshot!(text, @r#"{"api_url":"http://127.0.0.1:1","aws_endpoint_url":"http://127.0.0.1:2","data_dir":null}"#);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        assert!(!path.exists());
    }
}
