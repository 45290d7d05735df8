//! The fields of a message that a signature covers.

use std::fmt::Write;

/// The version of a signature, which the topic's attribute `SignatureVersion` chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum SignatureVersion {
    /// SHA-1.
    #[default]
    V1,
    /// SHA-256.
    V2,
}

impl SignatureVersion {
    /// Parses the value of the topic's attribute.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match value {
            "1" => Some(Self::V1),
            "2" => Some(Self::V2),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2 => "2",
        }
    }
}

/// A signature, and how it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) version: SignatureVersion,
    /// The signature in base64.
    pub(crate) value: String,
}

/// The fields of a message that its signature covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedFields<'a> {
    pub(crate) kind: &'static str,
    pub(crate) message_id: &'a str,
    pub(crate) topic_arn: &'a str,
    pub(crate) text: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) subject: Option<&'a str>,
    /// The URL and the token with which a subscription is confirmed. A notification has neither.
    pub(crate) subscribe: Option<(&'a str, &'a str)>,
}

impl SignedFields<'_> {
    /// Builds the text that is signed: name and value of each field on a line of its own, in the order of the names.
    pub(super) fn string_to_sign(&self) -> String {
        let (url, token) = self.subscribe.unzip();
        let fields = [
            ("Message", Some(self.text)),
            ("MessageId", Some(self.message_id)),
            ("Subject", self.subject),
            ("SubscribeURL", url),
            ("Timestamp", Some(self.timestamp)),
            ("Token", token),
            ("TopicArn", Some(self.topic_arn)),
            ("Type", Some(self.kind)),
        ];
        let mut text = String::new();
        for (name, value) in fields {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name}\n{value}");
            }
        }
        text
    }
}
