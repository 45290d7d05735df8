//! Where functions' output goes.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Takes a function's output line by line.
#[derive(Clone, Debug)]
pub struct LogSink {
    function: Arc<str>,
    target: Target,
}

#[derive(Clone, Debug)]
enum Target {
    /// A file in the data directory.
    File(Arc<Mutex<std::fs::File>>),
    /// Where this program's own events go, when nothing is kept.
    Tracing,
    /// Nowhere: the function's role may not write logs.
    Nowhere,
}

/// Longer lines are cut into pieces of this many bytes, so that a process cannot fill the memory with one.
const MAX_LINE_BYTES: u64 = 64 * 1024;

impl LogSink {
    /// Lines go to tracing.
    #[must_use]
    pub fn tracing(function: &str) -> Self {
        Self {
            function: function.into(),
            target: Target::Tracing,
        }
    }

    /// Lines are lost, as on AWS those of a function whose role may not write logs.
    #[must_use]
    pub fn nowhere(function: &str) -> Self {
        Self {
            function: function.into(),
            target: Target::Nowhere,
        }
    }

    /// Lines are appended to `NAME.log` in a directory, which is created.
    ///
    /// # Errors
    /// When the directory or the file cannot be written.
    pub fn file(function: &str, directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join(format!("{function}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            function: function.into(),
            target: Target::File(Arc::new(Mutex::new(file))),
        })
    }

    /// Writes one line. A log that cannot be written must not stop the function, so the error is only told.
    pub fn line(&self, line: &[u8]) {
        let file = match &self.target {
            Target::File(file) => file,
            Target::Tracing => {
                let line = String::from_utf8_lossy(line);
                tracing::info!(target: "local_cloud::function", function = &*self.function, "{line}");
                return;
            }
            Target::Nowhere => return,
        };
        let mut text = Vec::with_capacity(line.len() + 1);
        text.extend_from_slice(line);
        text.push(b'\n');
        // One append a line keeps the lines of several processes whole.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = io::Write::write_all(&mut *file, &text) {
            tracing::warn!(function = &*self.function, %error, "a log line was not written");
        }
    }

    /// Copies a process's output until it ends.
    pub(crate) async fn copy(self, output: impl AsyncRead + Unpin) {
        use tokio::io::AsyncReadExt;
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader)
                .take(MAX_LINE_BYTES)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) | Err(_) => return,
                Ok(_) => self.line(line.strip_suffix(b"\n").unwrap_or(&line)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_appended_whole() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LogSink::file("f", directory.path()).unwrap();
        sink.clone().copy(&b"one\ntwo"[..]).await;
        sink.copy(&b"three\n"[..]).await;
        let text = std::fs::read_to_string(directory.path().join("f.log")).unwrap();
        assert_eq!(text, "one\ntwo\nthree\n");
    }
}
