//! Types and functions that several actions share.

use std::collections::BTreeMap;

use cloud_wire::{Form, Xml};

use crate::error::SnsError;

/// Attributes of a topic or a subscription, by name.
pub(super) type Attributes = BTreeMap<String, String>;

/// Encodes attributes for the store.
pub(super) fn encode(attributes: &Attributes) -> Result<String, SnsError> {
    serde_json::to_string(attributes).map_err(|error| SnsError::Internal(error.to_string()))
}

/// Decodes attributes from the store.
pub(super) fn decode(text: &str) -> Result<Attributes, SnsError> {
    serde_json::from_str(text).map_err(|error| SnsError::Internal(error.to_string()))
}

/// A page of 100 items. The token is the key of the last item on the previous page.
pub(super) struct Page {
    after: String,
}

/// Number of items of one page, as on AWS.
const PAGE: usize = 100;

impl Page {
    pub(super) fn of(form: &Form) -> Self {
        Self {
            after: form.get("NextToken").unwrap_or_default().to_owned(),
        }
    }

    /// Builds the answer: the items after the token in the order of their keys, and the next token if there
    /// are more.
    pub(super) fn answer<T>(
        &self,
        list: &str,
        items: Vec<T>,
        key: impl Fn(&T) -> &str,
        write: impl Fn(&mut Xml, &T),
    ) -> Xml {
        let rest: Vec<T> = items
            .into_iter()
            .filter(|item| key(item) > self.after.as_str())
            .collect();
        let mut answer = Xml::default();
        answer.element(list, |xml| {
            for item in rest.iter().take(PAGE) {
                xml.element("member", |xml| write(xml, item));
            }
        });
        if rest.len() > PAGE {
            answer.text("NextToken", key(&rest[PAGE - 1]));
        }
        answer
    }
}
