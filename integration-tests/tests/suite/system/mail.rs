//! The emails that the system sent.

use serde_json::Value;

use super::System;

impl System {
    /// The emails whose subject or body names the order.
    pub(crate) fn mail_about(&self, id: &str) -> Vec<Value> {
        let mail = self.json_lines(&["inbox", "--json"]);
        mail.into_iter()
            .filter(|mail| mail["body"].as_str().unwrap().contains(id))
            .collect()
    }
}
