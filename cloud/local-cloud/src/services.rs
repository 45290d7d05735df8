//! All services, and their shared state.

use std::path::PathBuf;
use std::sync::Arc;

use cloud_dynamodb::{DynamoDb, DynamoDbError};
use cloud_endpoint::Backend;
use cloud_faults::Faults;
use cloud_iam::{AccessKeys, Iam};
use cloud_sns::{Mailbox, Sns, SnsConfig, SnsError};
use cloud_sqs::{Sqs, SqsConfig, SqsError};
use cloud_store::{Durability, Location, Store, StoreError};
use cloud_wire::Clock;
use tokio::sync::watch;

/// The configuration of the services.
#[derive(Clone, Debug)]
pub struct ServicesConfig {
    /// An existing directory for `state.db` and `dynamodb.db`. `None` keeps the state in memory.
    pub directory: Option<PathBuf>,
    /// Which kind of failure an acknowledged write survives.
    pub durability: Durability,
    /// The URL that clients use, for example `http://127.0.0.1:4566`. Queue URLs start with it.
    pub base_url: String,
    /// The region in ARNs. A request that is signed for another region is served in the same way.
    pub region: String,
    /// Whether email subscriptions are confirmed at once, without a confirmation email.
    pub confirm_emails: bool,
}

/// The reason why the services could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The store of queues, topics and emails could not be opened.
    #[error("the state cannot be opened: {0}")]
    Store(#[from] StoreError),
    /// The table service could not be opened.
    #[error(transparent)]
    DynamoDb(#[from] DynamoDbError),
    /// The queue service could not be started.
    #[error("the queues cannot be opened: {0}")]
    Sqs(#[from] SqsError),
    /// The topic service could not be started.
    #[error("the topics cannot be opened: {0}")]
    Sns(#[from] SnsError),
}

/// The services. Cloning them is cheap.
#[derive(Clone, Debug)]
pub struct Services {
    /// Queues.
    pub sqs: Sqs,
    /// Topics.
    pub sns: Sns,
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Tables.
    pub dynamodb: DynamoDb,
    /// The functions' access keys.
    pub access_keys: AccessKeys,
    /// Fault injection.
    pub faults: Faults,
    /// The clock of all services.
    pub clock: Clock,
    store: Store,
    stop: Arc<watch::Sender<bool>>,
}

impl Services {
    /// Opens the state and starts the background tasks.
    pub async fn open(config: ServicesConfig) -> Result<Self, ServicesError> {
        let file = |name| {
            config
                .directory
                .as_ref()
                .map_or(Location::Memory, |dir| Location::Disk(dir.join(name)))
        };
        let store = open_store(&file("state.db"), config.durability)?;
        let dynamodb = DynamoDb::open(&file("dynamodb.db"), config.durability).await?;
        let (stop, stopping) = watch::channel(false);
        let clock = Clock::default();
        let mailbox = Mailbox::new(store.clone(), clock.clone(), stopping.clone());
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
            mailbox: mailbox.clone(),
            base_url: config.base_url,
            region: config.region,
            confirm_emails: config.confirm_emails,
        });
        sns.enforce_policies().await?;
        Ok(Self {
            sqs,
            sns,
            mailbox,
            dynamodb,
            access_keys: AccessKeys::default(),
            faults: Faults::default(),
            clock,
            store,
            stop: Arc::new(stop),
        })
    }

    /// The policies, and the calls that they denied.
    #[must_use]
    pub fn iam(&self) -> &Iam {
        self.sqs.iam()
    }

    /// The services as the AWS endpoint serves them.
    #[must_use]
    pub fn backend(&self) -> Backend {
        Backend {
            sqs: self.sqs.clone(),
            sns: self.sns.clone(),
            mailbox: self.mailbox.clone(),
            dynamodb: self.dynamodb.clone(),
            access_keys: self.access_keys.clone(),
            faults: self.faults.clone(),
            stop: Arc::clone(&self.stop),
        }
    }

    /// Makes long polls answer at once and ends background tasks. Other calls continue.
    pub fn stop_waiting(&self) {
        self.stop.send_replace(true);
    }

    /// Ends all work and closes the state. All acknowledged writes are stored then.
    pub async fn close(&self) {
        self.stop_waiting();
        tokio::join!(self.store.close(), self.dynamodb.close());
    }
}

/// Opens `state.db`, which SQS and SNS share, so that a publish and its deliveries are one transaction.
///
/// The services bring their tables; only the order of all steps is decided here. It is that of the versions in which
/// existing databases have got them, which their `user_version` counts: a new step goes to the end, whosever it is.
fn open_store(location: &Location, durability: Durability) -> Result<Store, StoreError> {
    let [queues, two_rows_a_message, message_groups] = cloud_sqs::MIGRATIONS;
    let [topics] = cloud_sns::MIGRATIONS;
    let first = [queues, topics].concat();
    Store::open(
        location,
        durability,
        &[&first, two_rows_a_message, message_groups],
    )
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// The second version of the tables is the last one that was kept in a single list of steps.
    #[tokio::test]
    async fn a_database_of_before_the_services_had_their_own_steps_is_taken_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        let [queues, two_rows_a_message, _] = cloud_sqs::MIGRATIONS;
        let [topics] = cloud_sns::MIGRATIONS;
        let old = Connection::open(&path).unwrap();
        for (version, step) in [(1, [queues, topics].concat()), (2, two_rows_a_message.to_owned())] {
            old.execute_batch(&format!("BEGIN; {step} PRAGMA user_version = {version}; COMMIT;"))
                .unwrap();
        }
        old.execute("INSERT INTO topics (arn, attributes) VALUES ('kept', '{}')", [])
            .unwrap();
        drop(old);

        let store = open_store(&Location::Disk(path), Durability::Process).unwrap();
        let (topics, version) = store
            .run(|tx| {
                let topics = tx.query_row("SELECT COUNT(*) FROM topics", [], |row| row.get::<_, i64>(0))?;
                let version = tx.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
                Ok::<_, StoreError>((topics, version))
            })
            .await
            .unwrap();
        assert_eq!((topics, version), (1, 3));
    }
}
