//! A message as it is published.

use std::collections::BTreeMap;

use cloud_sqs::MessageAttribute;
use cloud_sqs::limits::check_id;
use cloud_wire::Form;
use uuid::Uuid;

use crate::error::SnsError;
use crate::message_attributes;

/// A message that is within all limits except the size limit.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The text for each protocol that has its own, and the text for `default`.
    texts: BTreeMap<String, String>,
    pub(super) subject: Option<String>,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    /// The group that a standard queue delivers fairly. SNS passes it on.
    pub(super) group_id: Option<String>,
    /// The `X-Amzn-Trace-Id` of the request. SNS passes it on as `AWSTraceHeader`.
    pub(super) trace_header: Option<String>,
    /// The id that the answer and every delivery have.
    pub(super) id: String,
    /// The time of the publish: RFC 3339 in UTC with milliseconds.
    pub(super) timestamp: String,
    pub(super) size: usize,
}

/// How the request with a message arrived.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// The request's `X-Amzn-Trace-Id`.
    pub(super) trace_header: Option<String>,
    /// The time: RFC 3339 in UTC with milliseconds.
    pub(super) timestamp: String,
}

impl Message {
    /// Parses a message, which gets a new id. `entry` is its number in its batch.
    pub(super) fn parse(form: &Form, arrival: &Arrival, entry: Option<usize>) -> Result<Self, SnsError> {
        let text = form.get("Message").unwrap_or_default();
        if text.is_empty() {
            return Err(SnsError::InvalidParameter("Empty message".to_owned()));
        }
        let subject = form.get("Subject").map(parse_subject).transpose()?;
        let attributes = message_attributes::parse(form, entry)?;
        let attributes_size: usize = attributes
            .iter()
            .map(|(name, a)| name.len() + a.data_type.len() + a.value.size())
            .sum();
        let size = text.len() + attributes_size;
        let texts = match form.get("MessageStructure") {
            None | Some("") => BTreeMap::from([("default".to_owned(), text.to_owned())]),
            Some("json") => parse_structure(text)?,
            Some(_) => return Err(SnsError::InvalidParameter("MessageStructure".to_owned())),
        };
        if form.get("MessageDeduplicationId").is_some() {
            return Err(SnsError::parameter(
                "MessageDeduplicationId",
                "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            ));
        }
        let group_id = form.get("MessageGroupId");
        if let Some(group_id) = group_id {
            let rule = "can only include alphanumeric and punctuation characters. 1 to 128 in length";
            check_id("MessageGroupId", group_id).map_err(|_| SnsError::parameter("MessageGroupId", rule))?;
        }
        Ok(Self {
            texts,
            subject,
            attributes,
            group_id: group_id.map(str::to_owned),
            trace_header: arrival.trace_header.clone(),
            id: Uuid::new_v4().to_string(),
            timestamp: arrival.timestamp.clone(),
            size,
        })
    }

    /// Returns the text that subscribers with this protocol get.
    pub(super) fn text_for(&self, protocol: &str) -> &str {
        // Parsing ensures that `default` is present.
        self.texts
            .get(protocol)
            .or_else(|| self.texts.get("default"))
            .map_or("", String::as_str)
    }
}

/// Maximum number of characters of a subject.
const MAX_SUBJECT_LENGTH: usize = 100;

/// A subject is text without line breaks and control characters. The API Reference says "less than 100 characters", and AWS
/// takes exactly 100. Source: SNS API Reference, `Publish`; a public report.
fn parse_subject(subject: &str) -> Result<String, SnsError> {
    let sound = (1..=MAX_SUBJECT_LENGTH).contains(&subject.chars().count())
        && !subject
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    if sound {
        Ok(subject.to_owned())
    } else {
        Err(SnsError::InvalidParameter("Subject".to_owned()))
    }
}

fn parse_structure(text: &str) -> Result<BTreeMap<String, String>, SnsError> {
    let texts: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|_| {
        SnsError::InvalidParameter("Message Structure - JSON message body failed to parse".to_owned())
    })?;
    // Entries that are not strings are ignored, as on AWS.
    let texts: BTreeMap<_, _> = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key, text.as_str()?.to_owned())))
        .collect();
    if texts.contains_key("default") {
        return Ok(texts);
    }
    Err(SnsError::InvalidParameter(
        "Message Structure - No default entry in JSON message body".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::parse_subject;

    #[test]
    fn subjects_are_up_to_100_characters_without_line_breaks_and_control_characters() {
        for good in [
            "Order 1a2b3c4d",
            "!",
            "Bestätigung",
            &"x".repeat(100),
            &"ä".repeat(100),
        ] {
            parse_subject(good).unwrap();
        }
        for bad in [
            "",
            "two\nlines",
            "tab\t",
            "bell\u{7}",
            "del\u{7f}",
            "a\u{2028}b",
            &"x".repeat(101),
        ] {
            assert!(parse_subject(bad).is_err(), "{bad}");
        }
    }
}
