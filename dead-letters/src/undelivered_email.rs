//! An email that SNS could not deliver, as its dead-letter queue holds it: the notification that a subscriber gets.
//!
//! Source: SNS Developer Guide, "Parsing Amazon SNS message formats".

use serde::Deserialize;

/// The fields that are needed to publish it again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct UndeliveredEmail {
    #[serde(rename = "Type")]
    r#type: Type,
    /// Its subject line.
    #[serde(rename = "Subject")]
    pub(super) subject: Option<String>,
    /// Its text.
    #[serde(rename = "Message")]
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Type {
    Notification,
}

/// Why a body is no email.
#[derive(Debug, thiserror::Error)]
#[error("not a notification of SNS (column {column})")]
pub(super) struct NoEmail {
    column: usize,
}

impl UndeliveredEmail {
    /// Reads the body of a dead letter.
    pub(super) fn from_json(body: &str) -> Result<Self, NoEmail> {
        // The text of the JSON error can quote the body, which has personal data.
        serde_json::from_str(body).map_err(|error| NoEmail {
            column: error.column(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_notification_is_an_email() {
        let body = r#"{"Type":"Notification","Subject":"s","Message":"text","UnsubscribeURL":"u"}"#;
        let email = UndeliveredEmail::from_json(body).unwrap();
        assert_eq!((email.subject.as_deref(), &*email.message), (Some("s"), "text"));
        for body in [
            "ada@example.com",
            r#"{"Type":"ada@example.com","Message":"text"}"#,
            r#"{"Type":"Notification"}"#,
        ] {
            let error = UndeliveredEmail::from_json(body).unwrap_err().to_string();
            assert!(
                error.starts_with("not a notification") && !error.contains("ada"),
                "{error}"
            );
        }
    }
}
