//! All services, and their shared state.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cloud_async_invocation::AsyncInvocations;
use cloud_cloudwatch::CloudWatch;
use cloud_data_dir::create_private_file;
use cloud_dynamodb::{DynamoDb, DynamoDbError};
use cloud_endpoint::{Backend, CallCounts, Instance, Meter};
use cloud_faults::Faults;
use cloud_iam::{AccessKeys, Iam};
use cloud_s3::{S3, S3Config, S3Failure};
use cloud_sns::{Mailbox, Sns, SnsConfig, SnsError};
use cloud_sqs::{Sqs, SqsConfig, SqsError};
use cloud_store::{Barrier, Durability, Store, StoreError};
use cloud_wire::Clock;
use tokio::sync::watch;

use crate::clock;
use crate::databases::open_databases;
use crate::table_log::TableLog;

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
    /// The functions' access keys, and perhaps the operator's.
    pub access_keys: AccessKeys,
}

/// The reason why the services could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The file of a database could not be created.
    #[error("{} cannot be created: {source}", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The store of queues, topics and emails could not be opened.
    #[error(transparent)]
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
    /// The object service could not be started.
    #[error("the buckets cannot be opened: {0}")]
    S3(#[from] S3Failure),
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
    /// Buckets and objects.
    pub s3: S3,
    /// The events that wait for functions.
    pub invocations: AsyncInvocations,
    /// The functions' access keys.
    pub access_keys: AccessKeys,
    /// Fault injection.
    pub faults: Faults,
    /// The calls of the functions, counted.
    pub calls: CallCounts,
    /// Where billed units are counted.
    pub meter: Meter,
    /// This run, as its health and its status describe it.
    pub instance: Instance,
    /// Metrics and alarms.
    pub cloud_watch: CloudWatch,
    /// The clock of all services.
    pub clock: Clock,
    store: Store,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the test of a power cut asks what is on the disk")
    )]
    pub(crate) table_log: Option<Arc<TableLog>>,
    stop: Arc<watch::Sender<bool>>,
}

impl Services {
    /// Opens the state and starts the background tasks.
    pub async fn open(config: ServicesConfig) -> Result<Self, ServicesError> {
        if let Some(directory) = &config.directory {
            for name in ["state.db", "dynamodb.db"] {
                let path = directory.join(name);
                create_private_file(&path).map_err(|source| ServicesError::File { path, source })?;
            }
        }
        let state = open_databases(config.directory.clone(), config.durability);
        let (store, tables) = state.await?;
        let dynamodb = DynamoDb::open(&tables, config.durability).await?;
        let table_log = match (&config.directory, config.durability) {
            (Some(directory), Durability::Process) => Some(Arc::new(TableLog::new(directory))),
            _ => None,
        };
        if let Some(log) = table_log.clone() {
            store.replace_barrier(Barrier::new(move || log.sync()));
        }
        let (stop, stopping) = watch::channel(false);
        let clock = clock::open(&store).await?;
        let mailbox = Mailbox::new(store.clone(), clock.clone(), stopping.clone());
        let sqs = Sqs::start(SqsConfig {
            base_url: config.base_url.clone(),
            region: config.region.clone(),
            store: store.clone(),
            clock: clock.clone(),
            stopping: stopping.clone(),
        })
        .await?;
        tokio::spawn(clock::keep(store.clone(), clock.clone(), stopping.clone()));
        let sns = Sns::new(SnsConfig {
            sqs: sqs.clone(),
            mailbox: mailbox.clone(),
            base_url: config.base_url,
            region: config.region,
            confirm_emails: config.confirm_emails,
        });
        sns.enforce_policies().await?;
        tokio::spawn(sns.clone().run_webhooks(stopping));
        let invocations = AsyncInvocations::new(store.clone(), clock.clone());
        let s3 = S3::open(S3Config {
            directory: config.directory.clone(),
            durability: config.durability,
            store: store.clone(),
            clock: clock.clone(),
            iam: sqs.iam().clone(),
            access_keys: config.access_keys.clone(),
            invocations: invocations.clone(),
        });
        let s3 = s3.await?;
        Ok(Self {
            sqs,
            sns,
            mailbox,
            dynamodb,
            s3,
            invocations,
            access_keys: config.access_keys,
            faults: Faults::default(),
            calls: CallCounts::default(),
            meter: Meter::default(),
            instance: Instance::new(config.directory),
            cloud_watch: CloudWatch::new(clock.clone()),
            clock,
            store,
            table_log,
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
            s3: self.s3.clone(),
            cloud_watch: self.cloud_watch.clone(),
            access_keys: self.access_keys.clone(),
            faults: self.faults.clone(),
            calls: self.calls.clone(),
            meter: self.meter.clone(),
            clock: self.clock.clone(),
            instance: self.instance.clone(),
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
        if let Err(error) = clock::save(&self.store, &self.clock).await {
            tracing::debug!(%error, "the clock's reading could not be stored");
        }
        tokio::join!(self.store.close(), self.dynamodb.close());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cloud_store::Location;
    use rusqlite::Connection;

    use super::*;
    use crate::databases::open_store;

    /// The second version of the tables is the last one that was kept in a single list of steps.
    #[tokio::test]
    async fn a_database_of_before_the_services_had_their_own_steps_is_taken_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        let [queues, two_rows_a_message, ..] = cloud_sqs::MIGRATIONS;
        let [topics, ..] = cloud_sns::MIGRATIONS;
        let old = Connection::open(&path).unwrap();
        for (version, step) in [(1, [queues, topics].concat()), (2, two_rows_a_message.to_owned())] {
            old.execute_batch(&format!("BEGIN; {step} PRAGMA user_version = {version}; COMMIT;"))
                .unwrap();
        }
        old.execute("INSERT INTO topics (arn, attributes) VALUES ('kept', '{}')", [])
            .unwrap();
        drop(old);

        let store = open_store(
            &Location::Disk(path),
            Durability::Process,
            &cloud_store::Cancellation::default(),
        )
        .unwrap();
        let (topics, version) = store
            .run(|tx| {
                let topics = tx.query_row("SELECT COUNT(*) FROM topics", [], |row| row.get::<_, i64>(0))?;
                let version = tx.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
                Ok::<_, StoreError>((topics, version))
            })
            .await
            .unwrap();
        assert_eq!((topics, version), (1, 11));
    }

    /// The machine's clock is set back by an hour while no process runs. To this process that looks as if the last reading
    /// was an hour ahead.
    #[tokio::test]
    async fn a_message_in_flight_comes_back_in_time_after_a_restart_with_a_clock_set_back() {
        let directory = tempfile::tempdir().unwrap();
        let config = ServicesConfig {
            directory: Some(directory.path().to_owned()),
            durability: Durability::Process,
            base_url: String::new(),
            region: "us-east-1".to_owned(),
            confirm_emails: true,
            access_keys: cloud_iam::AccessKeys::default(),
        };
        let before = Services::open(config.clone()).await.unwrap();
        before.clock.advance(Duration::from_hours(1));
        let attributes = [("VisibilityTimeout".to_owned(), "30".to_owned())];
        before.sqs.converge_queue("q", attributes.into()).await.unwrap();
        let send = br#"{"QueueUrl": "q", "MessageBody": "one"}"#;
        cloud_sqs::protocol::call(&before.sqs, "SendMessage", send, "")
            .await
            .unwrap();
        let receive = async |services: &Services| services.sqs.receive("q", 1, Duration::ZERO).await.unwrap();
        assert_eq!(receive(&before).await.len(), 1);
        before.close().await;

        let after = Services::open(config).await.unwrap();
        assert!(receive(&after).await.is_empty());
        after.clock.advance(Duration::from_secs(31));
        assert_eq!(receive(&after).await.len(), 1);
        after.close().await;
    }
}
