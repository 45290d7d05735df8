//! The processes of `load`. Each ends when all its orders are notified.

use tokio::process::Child;

use super::scratch::Scratch;

/// The loads that are running.
#[derive(Debug, Default)]
pub(super) struct Loads(Vec<Child>);

impl Loads {
    pub(super) fn add(&mut self, load: Child) {
        self.0.push(load);
    }

    /// Whether a load is still running. Fails if one has failed, which means that an order was refused, unanswered or not
    /// notified.
    pub(super) fn any_running(&mut self, scratch: &Scratch) -> anyhow::Result<bool> {
        let mut running = Vec::new();
        for mut load in std::mem::take(&mut self.0) {
            match load.try_wait()? {
                None => running.push(load),
                Some(status) if status.success() => {}
                Some(status) => anyhow::bail!(
                    "a load ended with {status}: {}\n{}",
                    scratch.tail("load.log"),
                    scratch.tail("load.json")
                ),
            }
        }
        self.0 = running;
        Ok(!self.0.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use tokio::process::Command;

    use super::super::scratch::{TEMPLATE, VISIBILITY_TIMEOUT};

    use super::*;

    async fn ended(program: &str) -> anyhow::Result<bool> {
        let scratch = Scratch::create(TEMPLATE, VISIBILITY_TIMEOUT).unwrap();
        let mut load = Command::new(program).spawn().unwrap();
        load.wait().await.unwrap();
        let mut loads = Loads::default();
        loads.add(load);
        let is_running = loads.any_running(&scratch);
        scratch.remove();
        is_running
    }

    #[tokio::test]
    async fn a_load_that_fails_fails_the_run() {
        assert!(!ended("true").await.unwrap());
        let error = ended("false").await.unwrap_err().to_string();
        assert!(error.starts_with("a load ended with exit status: 1"), "{error}");
    }
}
