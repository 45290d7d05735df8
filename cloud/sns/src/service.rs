//! SNS: standard topics over the Query protocol, with `sqs`, `email`, `http` and `https` subscriptions.
//!
//! A publish and its deliveries to queues are one transaction of the store. Either the message is in every
//! queue that must get it, or `Publish` fails.
//!
//! Known differences from AWS: emails have no footer, and the only link in an email is the local confirmation link.

use std::sync::Arc;

use cloud_iam::Iam;
use cloud_sqs::Sqs;
use cloud_store::Store;
use cloud_wire::ACCOUNT;
use tokio::sync::Notify;

use crate::error::SnsError;
use crate::mailbox::Mailbox;
use crate::signature::{Signer, SigningKey};

/// The configuration of an [`Sns`].
#[derive(Clone, Debug)]
pub struct SnsConfig {
    /// The queues that topics deliver to. Topics are kept in the same store.
    pub sqs: Sqs,
    /// The mailbox that email subscriptions deliver to.
    pub mailbox: Mailbox,
    /// The start of every link in a confirmation email.
    pub base_url: String,
    /// The region in ARNs.
    pub region: String,
    /// Whether email subscriptions are confirmed at once, without a confirmation email.
    pub confirm_emails: bool,
}

/// The topic service. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Sns(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: SnsConfig,
    signer: Signer,
    webhook_added: Arc<Notify>,
}

impl Sns {
    /// Creates the service.
    #[must_use]
    pub fn new(config: SnsConfig) -> Self {
        Self(Arc::new(Shared {
            config,
            signer: Signer::default(),
            webhook_added: Arc::default(),
        }))
    }

    /// Returns the ARN of the topic with this name. The topic need not exist.
    #[must_use]
    pub fn arn(&self, name: &str) -> String {
        format!("arn:aws:sns:{}:{ACCOUNT}:{name}", self.0.config.region)
    }

    /// The region in ARNs.
    pub(crate) fn region(&self) -> &str {
        &self.0.config.region
    }

    /// The address that links begin with.
    pub(crate) fn base_url(&self) -> &str {
        &self.0.config.base_url
    }

    /// Whether email subscriptions are confirmed at once.
    pub(crate) fn confirms_emails(&self) -> bool {
        self.0.config.confirm_emails
    }

    pub(crate) fn iam(&self) -> &Iam {
        self.0.config.sqs.iam()
    }

    pub(crate) fn store(&self) -> &Store {
        self.0.config.sqs.store()
    }

    pub(crate) fn sqs(&self) -> &Sqs {
        &self.0.config.sqs
    }

    /// Notified when there is a new delivery to an HTTP endpoint.
    pub(crate) fn webhook_added(&self) -> Arc<Notify> {
        Arc::clone(&self.0.webhook_added)
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// Returns the key that signs messages.
    pub(crate) async fn signing_key(&self) -> Result<Arc<SigningKey>, SnsError> {
        self.signer().key(self.store()).await
    }

    /// The URL of the certificate of the key that signs messages.
    pub(crate) fn certificate_url(&self, key: &SigningKey) -> String {
        format!("{}/{}", self.base_url(), key.file_name())
    }

    /// Returns the certificate with this name, in PEM. Subscribers verify signatures with it.
    pub async fn certificate(&self, file_name: &str) -> Result<Option<String>, SnsError> {
        let key = self.signer().existing_key(self.store()).await?;
        Ok(key.and_then(|key| (key.file_name() == file_name).then(|| key.certificate().to_owned())))
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0.config.mailbox
    }

    /// The time for clients, in milliseconds since the Unix epoch.
    pub(crate) fn wall_ms(&self) -> i64 {
        let clock = self.0.config.sqs.clock();
        clock.wall_ms(clock.now_ms())
    }
}
