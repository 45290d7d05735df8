//! Opens the two databases of a data directory, and upgrades those of an older version.
//!
//! Both are examined before either is changed: if one was written by a newer version, the other must not be upgraded, or
//! no version could open the directory any more. A copy of each file that is upgraded is kept beside it.

use std::path::PathBuf;

use cloud_store::{Cancellation, Durability, Location, SchemaAge, Store, StoreError, keep_copy};

use crate::clock;

/// Opens `state.db`, and returns it with the location of the tables' database, which is ready to be opened.
///
/// An upgrade can take minutes. If the caller stops waiting, it ends and is rolled back.
pub(crate) async fn open_databases(
    directory: Option<PathBuf>,
    durability: Durability,
) -> Result<(Store, Location), StoreError> {
    let file = |name| {
        directory
            .as_ref()
            .map_or(Location::Memory, |directory| Location::Disk(directory.join(name)))
    };
    let (state, tables) = (file("state.db"), file("dynamodb.db"));
    let cancellation = CancelOnDrop(Cancellation::default());
    let cancelled = cancellation.0.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let ages = [
            (&state, examine_state(&state)?),
            (&tables, examine_tables(&tables)?),
        ];
        for (location, age) in ages {
            if let (Location::Disk(path), SchemaAge::Older(version)) = (location, age) {
                keep_copy(path, version, &cancelled)?;
            }
        }
        Ok((open_store(&state, durability, &cancelled)?, tables))
    });
    opened.await.unwrap_or(Err(StoreError::Panicked))
}

/// Asks for the cancellation unless the work has ended by then.
struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn examine_tables(location: &Location) -> Result<SchemaAge, StoreError> {
    match location {
        Location::Disk(path) => cloud_dynamodb::schema::examine(path),
        Location::Memory => Ok(SchemaAge::New),
    }
}

fn examine_state(location: &Location) -> Result<SchemaAge, StoreError> {
    with_steps(|steps| Store::examine(location, steps))
}

/// Opens `state.db`, which SQS, SNS and S3 share, so that a publish and its deliveries are one transaction.
pub(crate) fn open_store(
    location: &Location,
    durability: Durability,
    cancellation: &Cancellation,
) -> Result<Store, StoreError> {
    with_steps(|steps| Store::open_cancellable(location, durability, steps, cancellation))
}

/// Passes on the steps of `state.db`.
///
/// The services bring their tables; only the order of all steps is decided here. It is that of the versions in which
/// existing databases have got them, which their `user_version` counts: a new step goes to the end, whosever it is.
fn with_steps<T>(open: impl FnOnce(&[&str]) -> T) -> T {
    let [queues, two_rows_a_message, message_groups] = cloud_sqs::MIGRATIONS;
    let [
        topics,
        subscriptions_of_a_stack,
        signing_key,
        subscribers,
        webhooks,
    ] = cloud_sns::MIGRATIONS;
    let [buckets, events_of_buckets] = cloud_s3::MIGRATIONS;
    let [asynchronous_invocations] = cloud_async_invocation::MIGRATIONS;
    let first = [queues, topics].concat();
    open(&[
        &first,
        two_rows_a_message,
        subscriptions_of_a_stack,
        clock::MIGRATION,
        message_groups,
        signing_key,
        subscribers,
        webhooks,
        buckets,
        events_of_buckets,
        asynchronous_invocations,
    ])
}
