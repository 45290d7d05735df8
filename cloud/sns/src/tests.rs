use std::collections::BTreeMap;
use std::time::Duration;

use cloud_sqs::{ReceivedMessage, Sqs, SqsConfig};
use cloud_store::{Durability, Location, Store};
use cloud_wire::{Clock, Form, Xml};
use tokio::sync::watch;

use super::protocol::call;
use super::*;

struct Services {
    sns: Sns,
    _stop: watch::Sender<bool>,
}

async fn services(confirm_emails: bool) -> Services {
    let (stop, stopping) = watch::channel(false);
    let migrations = [&cloud_sqs::MIGRATIONS[..], &MIGRATIONS].concat();
    let store = Store::open(&Location::Memory, Durability::Process, &migrations).unwrap();
    // The clock is stopped, so that all calls of a test are in the same second on any machine.
    let clock = Clock::stopped();
    let base_url = "http://127.0.0.1:4566".to_owned();
    let region = "us-east-1".to_owned();
    let mailbox = Mailbox::new(store.clone(), clock.clone(), stopping.clone());
    let config = SqsConfig {
        base_url: base_url.clone(),
        region: region.clone(),
        store,
        clock,
        stopping,
    };
    let sqs = Sqs::start(config).await.unwrap();
    Services {
        sns: Sns::new(SnsConfig {
            sqs,
            mailbox,
            base_url,
            region,
            confirm_emails,
        }),
        _stop: stop,
    }
}

impl Services {
    async fn call(&self, action: &str, fields: &[(&str, &str)]) -> Result<String, SnsError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        call(&self.sns, action, &Form::parse(form.as_bytes()), true)
            .await
            .map(Xml::into_string)
    }

    async fn error(&self, action: &str, fields: &[(&str, &str)]) -> &'static str {
        self.call(action, fields).await.unwrap_err().code()
    }

    /// Creates a queue whose policy allows SNS.
    async fn queue(&self, name: &str) {
        let policy = serde_json::json!({"Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.sns.sqs().arn(name),
        }});
        let attributes = BTreeMap::from([("Policy".to_owned(), policy.to_string())]);
        self.sns.sqs().converge_queue(name, attributes).await.unwrap();
    }

    /// Creates the topic `t` and subscribes a queue with this name to it.
    async fn topic_and_queue(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let arn = self.sns.converge_topic("t", BTreeMap::new()).await.unwrap();
        self.queue(name).await;
        let attributes = attributes
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let queue = self.sns.sqs().arn(name);
        self.sns
            .converge_subscription(&arn, "sqs", &queue, attributes, false)
            .await
            .unwrap();
        arn
    }

    async fn received(&self, queue: &str) -> Vec<ReceivedMessage> {
        self.sns.sqs().receive(queue, 10, Duration::ZERO).await.unwrap()
    }

    async fn mail(&self) -> Vec<StoredMail> {
        self.sns.mailbox().read(0, 100, Duration::ZERO).await.unwrap()
    }
}

#[tokio::test]
async fn a_message_arrives_in_aws_envelope_or_raw() {
    let s = services(true).await;
    let topic = s.topic_and_queue("plain", &[]).await;
    s.topic_and_queue("raw", &[("RawMessageDelivery", "true")]).await;
    let fields = [
        ("TopicArn", topic.as_str()),
        ("Message", "hello"),
        ("Subject", "Hi"),
        ("MessageAttributes.entry.1.Name", "kind"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "greeting"),
    ];
    let answer = s.call("Publish", &fields).await.unwrap();
    let plain = s.received("plain").await.remove(0);
    let envelope: serde_json::Value = serde_json::from_str(&plain.body).unwrap();
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["Message"], "hello");
    assert_eq!(envelope["Subject"], "Hi");
    assert_eq!(envelope["MessageAttributes"]["kind"]["Value"], "greeting");
    assert!(answer.contains(envelope["MessageId"].as_str().unwrap()));
    assert!(plain.message_attributes.is_empty());
    let raw = s.received("raw").await.remove(0);
    assert_eq!(raw.body, "hello");
    assert_eq!(raw.message_attributes["kind"].data_type, "String");
}

#[tokio::test]
async fn a_publish_passes_its_group_and_its_trace_on_to_queues() {
    let s = services(true).await;
    let topic = s.topic_and_queue("plain", &[]).await;
    s.topic_and_queue("raw", &[("RawMessageDelivery", "true")]).await;
    let trace = "Root=1-3152b799-8954dae64eda91bc9a23a7e8";
    let single = [
        ("TopicArn", topic.as_str()),
        ("Message", "x"),
        ("MessageGroupId", "tenant-1"),
    ];
    let entry = "PublishBatchRequestEntries.member.1";
    let [id, message, group] = ["Id", "Message", "MessageGroupId"].map(|field| format!("{entry}.{field}"));
    let batch = [
        ("TopicArn", topic.as_str()),
        (id.as_str(), "a"),
        (message.as_str(), "x"),
        (group.as_str(), "tenant-2"),
    ];
    for (action, fields) in [("Publish", &single[..]), ("PublishBatch", &batch)] {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form = Form::parse(form.as_bytes());
        let arrived = protocol::Arrived {
            principal: &cloud_iam::Principal::Anonymous,
            trace_header: Some(trace),
        };
        protocol::call_as(&s.sns, action, &form, arrived).await.unwrap();
    }
    for queue in ["plain", "raw"] {
        let received = s.received(queue).await;
        let groups: Vec<_> = received
            .iter()
            .map(|m| m.attributes["MessageGroupId"].as_str())
            .collect();
        assert_eq!(groups, ["tenant-1", "tenant-2"]);
        assert!(received.iter().all(|m| m.attributes["AWSTraceHeader"] == trace));
    }
    let mut wrong = single;
    wrong[2].1 = "group 123";
    assert_eq!(s.error("Publish", &wrong).await, "InvalidParameter");
}

#[tokio::test]
async fn filter_policies_apply_and_deliveries_to_a_missing_queue_are_dead_lettered() {
    let s = services(true).await;
    s.queue("dlq").await;
    let redrive = format!(r#"{{"deadLetterTargetArn": "{}"}}"#, s.sns.sqs().arn("dlq"));
    let topic = s
        .topic_and_queue(
            "gone",
            &[("RedrivePolicy", &redrive), ("RawMessageDelivery", "true")],
        )
        .await;
    s.topic_and_queue("picky", &[("FilterPolicy", r#"{"kind": ["wanted"]}"#)])
        .await;
    cloud_sqs::protocol::call(s.sns.sqs(), "DeleteQueue", br#"{"QueueUrl": "gone"}"#, "x")
        .await
        .unwrap();
    s.call("Publish", &[("TopicArn", &topic), ("Message", "unfiltered")])
        .await
        .unwrap();
    assert!(s.received("picky").await.is_empty());
    assert_eq!(s.received("dlq").await[0].body, "unfiltered");
}

#[tokio::test]
async fn an_email_subscription_waits_for_its_confirmation() {
    let s = services(false).await;
    let topic = s.sns.converge_topic("t", BTreeMap::new()).await.unwrap();
    let subscribe = [
        ("TopicArn", topic.as_str()),
        ("Protocol", "email"),
        ("Endpoint", "shop@example.com"),
    ];
    assert!(
        s.call("Subscribe", &subscribe)
            .await
            .unwrap()
            .contains("pending confirmation")
    );
    let publish = [("TopicArn", topic.as_str()), ("Message", "m"), ("Subject", "S")];
    s.call("Publish", &publish).await.unwrap();
    let mail = s.mail().await;
    assert_eq!(mail.len(), 1);
    let token = mail[0].body.split("--token ").nth(1).unwrap().trim();
    let confirm = |token| [("TopicArn", topic.as_str()), ("Token", token)];
    assert_eq!(
        s.error("ConfirmSubscription", &confirm("wrong")).await,
        "InvalidParameter"
    );
    s.call("ConfirmSubscription", &confirm(token)).await.unwrap();
    s.call("Publish", &publish).await.unwrap();
    let mail = s.mail().await;
    assert_eq!((mail[1].subject.as_str(), mail[1].body.as_str()), ("S", "m"));
    assert_eq!(mail[1].to, "shop@example.com");
}

#[tokio::test]
async fn an_eleventh_email_in_a_second_suspends_the_subscription() {
    let s = services(true).await;
    let topic = s.sns.converge_topic("t", BTreeMap::new()).await.unwrap();
    s.sns
        .converge_subscription(&topic, "email", "a@b.c", BTreeMap::new(), false)
        .await
        .unwrap();
    let publish = [("TopicArn", topic.as_str()), ("Message", "m")];
    for _ in 0..10 {
        s.call("Publish", &publish).await.unwrap();
    }
    s.sns.sqs().clock().advance(Duration::from_millis(1001));
    for _ in 0..10 {
        s.call("Publish", &publish).await.unwrap();
    }
    let state = s.sns.subscriptions().await.unwrap().remove(0);
    assert_eq!(
        (state.state, state.peak_per_second, state.undelivered),
        ("confirmed", 10, 0)
    );
    s.call("Publish", &publish).await.unwrap();
    s.call("Publish", &publish).await.unwrap();
    let state = s.sns.subscriptions().await.unwrap().remove(0);
    assert_eq!(
        (state.state, state.peak_per_second, state.undelivered),
        ("suspended", 11, 2)
    );
    let attributes = s
        .call("GetTopicAttributes", &[("TopicArn", &topic)])
        .await
        .unwrap();
    assert!(attributes.contains("<key>SubscriptionsConfirmed</key><value>0</value>"));
    assert_eq!(
        s.mail()
            .await
            .iter()
            .filter(|mail| mail.kind == "notification")
            .count(),
        20
    );
    s.sns
        .converge_subscription(&topic, "email", "a@b.c", BTreeMap::new(), true)
        .await
        .unwrap();
    assert_eq!(s.sns.subscriptions().await.unwrap()[0].state, "confirmed");
}

#[tokio::test]
async fn batches_are_checked_as_a_whole_and_entry_by_entry() {
    let s = services(true).await;
    let topic = s.topic_and_queue("q", &[("RawMessageDelivery", "true")]).await;
    let batch = |entries: &[(&str, &str)]| {
        let mut fields = vec![("TopicArn".to_owned(), topic.clone())];
        for (n, (id, message)) in entries.iter().enumerate() {
            let prefix = format!("PublishBatchRequestEntries.member.{}", n + 1);
            fields.push((format!("{prefix}.Id"), (*id).to_owned()));
            fields.push((format!("{prefix}.Message"), (*message).to_owned()));
        }
        fields
    };
    let call = async |entries: &[(&str, &str)]| {
        let fields = batch(entries);
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        s.call("PublishBatch", &fields).await
    };
    let answer = call(&[("a", "one"), ("b", "")]).await.unwrap();
    assert!(answer.contains("<Successful><member><Id>a</Id>"));
    assert!(answer.contains("<Failed><member><Id>b</Id><Code>InvalidParameter</Code>"));
    assert_eq!(s.received("q").await.len(), 1);
    let large = "x".repeat(140_000);
    assert_eq!(call(&[]).await.unwrap_err().code(), "EmptyBatchRequest");
    assert_eq!(
        call(&[("a", "x"); 11]).await.unwrap_err().code(),
        "TooManyEntriesInBatchRequest"
    );
    assert_eq!(
        call(&[("a", "x"), ("a", "y")]).await.unwrap_err().code(),
        "BatchEntryIdsNotDistinct"
    );
    assert_eq!(
        call(&[("", "x")]).await.unwrap_err().code(),
        "InvalidBatchEntryId"
    );
    assert_eq!(
        call(&[("a", &large), ("b", &large)]).await.unwrap_err().code(),
        "BatchRequestTooLong"
    );
}

/// Somebody sets the machine's clock back or forward by an hour: the emails of a second stay the emails of that second.
#[tokio::test]
async fn a_machine_clock_that_is_set_neither_suspends_a_subscription_nor_hides_its_rate() {
    for step in [-3_600_000, 3_600_000] {
        let s = services(true).await;
        let topic = s.sns.converge_topic("t", BTreeMap::new()).await.unwrap();
        s.sns
            .converge_subscription(&topic, "email", "a@b.c", BTreeMap::new(), true)
            .await
            .unwrap();
        let publish = [("TopicArn", topic.as_str()), ("Message", "m")];
        let state = async || s.sns.subscriptions().await.unwrap()[0].state;
        for _ in 0..10 {
            s.call("Publish", &publish).await.unwrap();
        }
        let clock = s.sns.sqs().clock();
        clock.set_wall_by(step);
        clock.advance(Duration::from_secs(2));
        for _ in 0..10 {
            s.call("Publish", &publish).await.unwrap();
        }
        assert_eq!(state().await, "confirmed");
        let mail = s.sns.mailbox().read(0, 100, Duration::ZERO).await.unwrap();
        let now = cloud_wire::iso8601(clock.wall_ms(clock.now_ms()));
        assert_eq!(mail.last().unwrap().received_at, now);
        clock.set_wall_by(step);
        s.call("Publish", &publish).await.unwrap();
        assert_eq!(state().await, "suspended");
    }
}

#[tokio::test]
async fn old_emails_are_deleted_and_the_newest_are_read_alone() {
    let s = services(true).await;
    let topic = s.sns.converge_topic("t", BTreeMap::new()).await.unwrap();
    s.sns
        .converge_subscription(&topic, "email", "a@b.c", BTreeMap::new(), true)
        .await
        .unwrap();
    let clock = s.sns.sqs().clock().clone();
    let publish = async |text: &str| {
        let fields = [("TopicArn", topic.as_str()), ("Message", text)];
        s.call("Publish", &fields).await.unwrap();
        clock.advance(Duration::from_secs(1));
    };
    // More than one step of the deletion.
    for _ in 0..1100 {
        publish("old").await;
    }
    clock.advance(Duration::from_secs(100));
    publish("new").await;
    let mailbox = s.sns.mailbox().clone();
    tokio::spawn(mailbox.clone().run_retention(Duration::from_secs(50)));
    let kept = async {
        loop {
            let mail = mailbox.read(0, 10, Duration::ZERO).await.unwrap();
            if mail.len() == 1 {
                return mail;
            }
            tokio::task::yield_now().await;
        }
    };
    let kept = tokio::time::timeout(Duration::from_mins(1), kept).await.unwrap();
    assert_eq!((kept[0].body.as_str(), kept[0].sequence), ("new", 1101));

    publish("newer").await;
    publish("newest").await;
    let newest = async |limit, kind: Option<&str>| -> Vec<String> {
        let mail = mailbox.newest(limit, kind.map(str::to_owned)).await.unwrap();
        mail.into_iter().map(|mail| mail.body).collect()
    };
    assert_eq!(newest(1, None).await, ["newest"]);
    let sequence = kept[0].sequence;
    assert!(mailbox.delete(sequence).await.unwrap());
    assert!(!mailbox.delete(sequence).await.unwrap(), "it is gone");
    assert_eq!(newest(5, None).await, ["newer", "newest"]);
    assert_eq!(newest(2, Some("notification")).await, ["newer", "newest"]);
    assert!(!mailbox.replace_body(sequence, "x".to_owned()).await.unwrap());
    let replaced = mailbox.replace_body(sequence + 1, "shorter".to_owned());
    assert!(replaced.await.unwrap());
    assert_eq!(newest(5, None).await, ["shorter", "newest"]);
    assert_eq!(newest(2, Some("confirmation")).await, [""; 0]);
}

#[tokio::test]
async fn errors_have_aws_codes() {
    let s = services(true).await;
    let topic = s.sns.converge_topic("t", BTreeMap::new()).await.unwrap();
    let missing = s.sns.arn("missing");
    assert_eq!(
        s.error("Publish", &[("TopicArn", &missing), ("Message", "m")])
            .await,
        "NotFound"
    );
    assert_eq!(
        s.error("Publish", &[("TopicArn", "junk"), ("Message", "m")])
            .await,
        "InvalidParameter"
    );
    assert_eq!(
        s.error("Publish", &[("TopicArn", &topic)]).await,
        "InvalidParameter"
    );
    let long = "x".repeat(262_145);
    assert_eq!(
        s.error("Publish", &[("TopicArn", &topic), ("Message", &long)])
            .await,
        "InvalidParameter"
    );
    assert_eq!(
        s.error("CreateTopic", &[("Name", "a b")]).await,
        "InvalidParameter"
    );
    let subscribe = [
        ("TopicArn", topic.as_str()),
        ("Protocol", "sms"),
        ("Endpoint", "1"),
    ];
    assert_eq!(s.error("Subscribe", &subscribe).await, "InvalidParameter");
    let arn = format!("{topic}:none");
    assert_eq!(
        s.error("GetSubscriptionAttributes", &[("SubscriptionArn", &arn)])
            .await,
        "NotFound"
    );
    assert_eq!(s.error("Dance", &[]).await, "InvalidAction");
}

#[tokio::test]
async fn message_structure_gives_each_protocol_its_text() {
    let s = services(true).await;
    let topic = s.topic_and_queue("q", &[("RawMessageDelivery", "true")]).await;
    s.sns
        .converge_subscription(&topic, "email", "a@b.c", BTreeMap::new(), false)
        .await
        .unwrap();
    let message = r#"{"default": "for all", "email": "for people"}"#;
    let fields = [
        ("TopicArn", topic.as_str()),
        ("MessageStructure", "json"),
        ("Message", message),
    ];
    s.call("Publish", &fields).await.unwrap();
    assert_eq!(s.received("q").await[0].body, "for all");
    assert_eq!(s.mail().await[0].body, "for people");
    let fields = [
        ("TopicArn", topic.as_str()),
        ("MessageStructure", "json"),
        ("Message", r#"{"email": "x"}"#),
    ];
    assert_eq!(s.error("Publish", &fields).await, "InvalidParameter");
}

#[tokio::test]
async fn deliveries_to_a_queue_that_does_not_allow_sns_are_dead_lettered() {
    let s = services(true).await;
    s.queue("dlq").await;
    let redrive = format!(r#"{{"deadLetterTargetArn": "{}"}}"#, s.sns.sqs().arn("dlq"));
    let attributes = [
        ("RedrivePolicy", redrive.as_str()),
        ("RawMessageDelivery", "true"),
    ];
    let topic = s.topic_and_queue("shut", &attributes).await;
    let no_policy = br#"{"QueueUrl": "shut", "Attributes": {"Policy": ""}}"#;
    cloud_sqs::protocol::call(s.sns.sqs(), "SetQueueAttributes", no_policy, "x")
        .await
        .unwrap();
    s.call("Publish", &[("TopicArn", &topic), ("Message", "refused")])
        .await
        .unwrap();
    assert!(s.received("shut").await.is_empty());
    assert_eq!(s.received("dlq").await[0].body, "refused");
    let denials = s.sns.iam().denials().all();
    assert_eq!(denials.len(), 1);
    assert!(
        denials[0]
            .to_string()
            .starts_with("Service: sns.amazonaws.com is not authorized")
    );
}
