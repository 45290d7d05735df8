//! Notifications: the events that functions get for new objects.
//!
//! An event is added in the transaction of its object. Source of its form: Amazon S3 User Guide, "Event message structure".

use cloud_async_invocation::AsyncInvocations;
use cloud_iam::Principal;
use cloud_store::Tx;
use cloud_wire::{ACCOUNT, REGION, iso8601};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::error::S3Failure;

/// A function that gets events of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The id of the configuration.
    pub id: String,
    /// The physical name of the function.
    pub function: String,
    /// The types of events: `s3:ObjectCreated:*`, or one type of write such as `s3:ObjectCreated:Put`.
    pub events: Vec<String>,
    /// The beginning of the keys.
    pub prefix: String,
    /// The end of the keys.
    pub suffix: String,
}

/// The kind of write that created an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Creation {
    Put,
    Post,
    Copy,
    CompleteMultipartUpload,
}

impl Creation {
    const fn name(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::Post => "ObjectCreated:Post",
            Self::Copy => "ObjectCreated:Copy",
            Self::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
        }
    }
}

/// Where events go.
#[derive(Clone, Debug)]
pub(crate) struct Notifier {
    pub(crate) invocations: AsyncInvocations,
    /// Those of the bucket.
    pub(crate) notifications: Vec<Notification>,
    pub(crate) creation: Creation,
    /// The caller that creates the object.
    pub(crate) principal: Principal,
}

/// A new object, as an event describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Created<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) bucket_arn: &'a str,
    pub(crate) key: &'a str,
    pub(crate) size: i64,
    pub(crate) etag: &'a str,
    /// Milliseconds since the Unix epoch.
    pub(crate) at: i64,
}

impl Notification {
    fn matches(&self, creation: Creation, key: &str) -> bool {
        let is_type = |event: &String| {
            let event = event.strip_prefix("s3:").unwrap_or(event);
            event == "ObjectCreated:*" || event == creation.name()
        };
        self.events.iter().any(is_type)
            && key.starts_with(self.prefix.as_str())
            && key.ends_with(self.suffix.as_str())
    }
}

impl Notifier {
    /// Adds an event for each function that wants it.
    pub(crate) fn notify(&self, tx: &Tx<'_>, created: Created<'_>) -> Result<(), S3Failure> {
        let wanted = |one: &&Notification| one.matches(self.creation, created.key);
        let wanted: Vec<_> = self.notifications.iter().filter(wanted).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let next = "UPDATE event_sequence SET last = last + 1 RETURNING last";
        let sequence: i64 = tx.prepare_cached(next)?.query_row([], |row| row.get(0))?;
        for notification in wanted {
            let event = self.event(notification, created, sequence);
            self.invocations
                .accept(tx, &notification.function, event.to_string().as_bytes())?;
        }
        Ok(())
    }

    fn event(&self, notification: &Notification, created: Created<'_>, sequence: i64) -> serde_json::Value {
        json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": iso8601(created.at),
            "eventName": self.creation.name(),
            "userIdentity": {"principalId": format!("AWS:{}", self.principal.user_id())},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {
                "x-amz-request-id": Uuid::new_v4(),
                "x-amz-id-2": Uuid::new_v4(),
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": notification.id,
                "bucket": {
                    "name": created.bucket,
                    "ownerIdentity": {"principalId": ACCOUNT},
                    "arn": created.bucket_arn,
                },
                "object": {
                    "key": encoded(created.key),
                    "size": created.size,
                    "eTag": created.etag,
                    "sequencer": format!("{sequence:016X}"),
                },
            },
        }]})
    }
}

/// Encodes a key as S3 does in events: as a form does, but for slashes.
fn encoded(key: &str) -> String {
    let parts = key
        .split('/')
        .map(|part| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_encoded_as_in_a_form() {
        assert_eq!(
            encoded("up/red flower+1 (ü).jpg"),
            "up/red+flower%2B1+%28%C3%BC%29.jpg"
        );
    }

    #[test]
    fn a_notification_wants_types_of_events_and_keys() {
        let all = Notification {
            id: "id".to_owned(),
            function: "f".to_owned(),
            events: vec!["s3:ObjectCreated:*".to_owned()],
            prefix: "up/".to_owned(),
            suffix: ".jpg".to_owned(),
        };
        assert!(all.matches(Creation::Post, "up/a.jpg"));
        assert!(!all.matches(Creation::Post, "a.jpg"));
        assert!(!all.matches(Creation::Post, "up/a.png"));
        let puts = Notification {
            events: vec!["s3:ObjectCreated:Put".to_owned()],
            ..all
        };
        assert!(puts.matches(Creation::Put, "up/a.jpg"));
        assert!(!puts.matches(Creation::Copy, "up/a.jpg"));
    }
}
