//! All services over one place for their state.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::dynamodb::{DynamoDb, DynamoDbError};
use crate::faults::Faults;
use crate::gateway::Credentials;
use crate::iam::Iam;
use crate::mail::Mail;
use crate::sns::{Sns, SnsConfig, SnsError};
use crate::sqs::{Sqs, SqsConfig, SqsError};
use crate::store::{Durability, Location, Store, StoreError};

/// What the services run on.
#[derive(Clone, Debug)]
pub struct ServicesConfig {
    /// An existing directory for `state.db` and `dynamodb.db`; memory where absent.
    pub directory: Option<PathBuf>,
    /// What an answer's promise survives.
    pub durability: Durability,
    /// The address that clients use and that queue URLs begin with, `http://127.0.0.1:4566` for instance.
    pub base_url: String,
    /// The region in ARNs. Requests signed for another region are served as if for this one.
    pub region: String,
    /// Confirms email subscriptions at once, without asking.
    pub confirm_emails: bool,
}

/// Why the services could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The store of queues, topics and mail.
    #[error("the state cannot be opened: {0}")]
    Store(#[from] StoreError),
    /// The table service.
    #[error(transparent)]
    DynamoDb(#[from] DynamoDbError),
    /// The queue service.
    #[error("the queues cannot be opened: {0}")]
    Sqs(#[from] SqsError),
    /// The topic service.
    #[error("the topics cannot be opened: {0}")]
    Sns(#[from] SnsError),
}

/// The services; cheap to clone.
#[derive(Clone, Debug)]
pub struct Services {
    /// Queues.
    pub sqs: Sqs,
    /// Topics.
    pub sns: Sns,
    /// The mailbox.
    pub mail: Mail,
    /// Tables.
    pub dynamodb: DynamoDb,
    /// Which access key is whose.
    pub credentials: Credentials,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// The time that all of them go by.
    pub clock: Clock,
    store: Store,
    stop: Arc<watch::Sender<bool>>,
}

impl Services {
    /// Opens the state and starts the background work.
    pub async fn open(config: ServicesConfig) -> Result<Self, ServicesError> {
        let file = |name| {
            config
                .directory
                .as_ref()
                .map_or(Location::Memory, |dir| Location::Disk(dir.join(name)))
        };
        let store = Store::open(&file("state.db"), config.durability)?;
        let dynamodb = DynamoDb::open(&file("dynamodb.db"), config.durability).await?;
        let (stop, stopping) = watch::channel(false);
        let clock = Clock::default();
        let mail = Mail::new(store.clone(), clock.clone(), stopping.clone());
        let sqs = Sqs::start(SqsConfig {
            base_url: config.base_url.clone(),
            region: config.region.clone(),
            store: store.clone(),
            clock: clock.clone(),
            stopping,
        })
        .await?;
        let sns = Sns::new(SnsConfig {
            sqs: sqs.clone(),
            mail: mail.clone(),
            base_url: config.base_url,
            region: config.region,
            confirm_emails: config.confirm_emails,
        });
        sns.enforce_policies().await?;
        let credentials = Credentials::default();
        Ok(Self {
            sqs,
            sns,
            mail,
            dynamodb,
            credentials,
            faults: Faults::default(),
            clock,
            store,
            stop: Arc::new(stop),
        })
    }

    /// Who may do what, and what was refused.
    #[must_use]
    pub fn iam(&self) -> &Iam {
        self.sqs.iam()
    }

    /// Ends long polls with what there is, and background work. Other calls go on.
    pub fn stop_waiting(&self) {
        self.stop.send_replace(true);
    }

    /// Ends all work and closes the state: what was acknowledged is on disk.
    pub async fn close(&self) {
        self.stop_waiting();
        tokio::join!(self.store.close(), self.dynamodb.close());
    }
}
