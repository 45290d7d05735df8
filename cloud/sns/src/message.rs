//! A message as it is published.

use std::collections::BTreeMap;

use cloud_sqs::MessageAttribute;
use cloud_sqs::limits::check_id;
use cloud_wire::Form;

use crate::error::SnsError;
use crate::request::message_attributes;

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
    pub(super) size: usize,
}

impl Message {
    pub(super) fn parse(form: &Form, trace_header: Option<&str>) -> Result<Self, SnsError> {
        let text = form.get("Message").unwrap_or_default();
        if text.is_empty() {
            return Err(SnsError::InvalidParameter("Empty message".to_owned()));
        }
        let subject = form.get("Subject").map(parse_subject).transpose()?;
        let attributes = message_attributes(form)?;
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
            trace_header: trace_header.map(str::to_owned),
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

/// A subject is ASCII, starts with a letter, a digit or punctuation, has no line breaks or control characters
/// and is shorter than 100 characters. Source: SNS API Reference, `Publish`.
fn parse_subject(subject: &str) -> Result<String, SnsError> {
    let sound = (1..100).contains(&subject.len())
        && subject.chars().all(|c| matches!(c, ' '..='~'))
        && subject.starts_with(|c: char| c.is_ascii_graphic());
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
    fn subjects_are_short_printable_ascii() {
        for good in ["Order 1a2b3c4d", "!", &"x".repeat(99)] {
            parse_subject(good).unwrap();
        }
        for bad in ["", " leading", "two\nlines", "tab\t", "käse", &"x".repeat(100)] {
            assert!(parse_subject(bad).is_err(), "{bad}");
        }
    }
}
