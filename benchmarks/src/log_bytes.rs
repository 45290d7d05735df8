//! The bytes that the functions log for each order. On AWS they are paid by the gigabyte.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The aim, over all functions. Batches are larger at a higher rate, so that an order then causes fewer bytes.
const AIM: u64 = 700;

/// The bytes of each function's log, without the lines about reads: `load` reads each order again and again.
#[derive(Debug, Default)]
pub(crate) struct LogBytes(Vec<(String, u64)>);

impl LogBytes {
    /// Reads the logs of a data directory.
    pub(crate) fn read(directory: &Path) -> anyhow::Result<Self> {
        let mut bytes = Self::default();
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            bytes.0.push((name, count(&path)?));
        }
        bytes.0.sort();
        Ok(bytes)
    }

    fn per_order(&self, orders: u64) -> u64 {
        let sum: u64 = self.0.iter().map(|(_, bytes)| bytes).sum();
        sum.div_ceil(orders.max(1))
    }

    /// The bytes of an order, as a line.
    pub(crate) fn describe(&self, orders: u64) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(name, bytes)| format!("{name} {}", bytes / orders.max(1)))
            .collect();
        let sum = self.per_order(orders);
        format!(
            "bytes logged for an order: {sum} (the aim is {AIM}): {}",
            parts.join(", ")
        )
    }
}

fn count(path: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        if !line.contains("\"method\":\"GET\"") {
            bytes += line.len() as u64 + 1;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_not_counted() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        write("order-api.log", "{\"method\":\"GET\"}\n{\"method\":\"POST\"}\n");
        write("notifier.log", "12345\n");
        let bytes = LogBytes::read(directory.path()).unwrap();
        assert_eq!(
            bytes.describe(2),
            "bytes logged for an order: 12 (the aim is 700): notifier.log 3, order-api.log 9"
        );
    }
}
