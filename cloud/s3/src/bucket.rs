//! Buckets: their rows, and their settings in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use cloud_iam::{Iam, Policy};
use cloud_store::{Store, StoreError, Tx};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cors::CorsRule;
use crate::error::S3Failure;
use crate::notification::Notification;
use crate::website::Website;

/// The settings of a bucket. They are stored as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BucketSettings {
    /// The bucket policy.
    pub policy: Option<Value>,
    /// Whether a bucket policy may let everyone in. New buckets block it, as on AWS since April 2023.
    pub allows_public_policy: bool,
    /// The functions that get events.
    pub notifications: Vec<Notification>,
    /// Which pages of other origins may send which requests.
    pub cors: Vec<CorsRule>,
    /// The website, if the bucket is one.
    pub website: Option<Website>,
}

/// A bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) created_at: i64,
    pub(crate) settings: BucketSettings,
}

/// All buckets by name, as the store has them. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    known: Arc<RwLock<BTreeMap<String, Arc<Bucket>>>>,
    iam: Iam,
}

impl Buckets {
    /// Reads all buckets from the store.
    pub(crate) async fn open(store: &Store, iam: Iam) -> Result<Self, S3Failure> {
        let rows = store
            .run(|tx| {
                let mut statement = tx.prepare_cached("SELECT name, created_at, settings FROM buckets")?;
                let rows = statement.query_map([], |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, String>(2)?,
                    ))
                })?;
                Ok::<_, S3Failure>(rows.collect::<Result<Vec<_>, _>>()?)
            })
            .await?;
        let buckets = Self {
            known: Arc::default(),
            iam,
        };
        for (name, created_at, settings) in rows {
            let settings = serde_json::from_str(&settings)?;
            buckets.publish(&name, Some(Bucket { created_at, settings }));
        }
        Ok(buckets)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Bucket>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    pub(crate) fn all(&self) -> Vec<(String, Arc<Bucket>)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .map(|(name, bucket)| (name.clone(), Arc::clone(bucket)))
            .collect()
    }

    /// Inserts or replaces a bucket, in the store and then in memory.
    pub(crate) fn put(&self, tx: &Tx<'_>, name: &str, bucket: Bucket) -> Result<(), S3Failure> {
        let settings = serde_json::to_string(&bucket.settings)?;
        tx.prepare_cached(
            "INSERT INTO buckets (name, created_at, settings) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET settings = excluded.settings",
        )?
        .execute((name, bucket.created_at, settings))?;
        let (buckets, name) = (self.clone(), name.to_owned());
        tx.on_commit(move || buckets.publish(&name, Some(bucket)));
        Ok(())
    }

    /// Deletes an empty bucket, in the store and then in memory.
    pub(crate) fn delete(&self, tx: &Tx<'_>, name: &str) -> Result<(), S3Failure> {
        let object = "SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = ?1)";
        if tx.prepare_cached(object)?.query_row([name], |row| row.get(0))? {
            return Err(S3Failure::BucketNotEmpty);
        }
        if tx
            .prepare_cached("DELETE FROM buckets WHERE name = ?1")?
            .execute([name])?
            == 0
        {
            return Err(S3Failure::NoSuchBucket);
        }
        let (buckets, name) = (self.clone(), name.to_owned());
        tx.on_commit(move || buckets.publish(&name, None));
        Ok(())
    }

    /// Shows a bucket to all callers, and enforces its policy.
    fn publish(&self, name: &str, bucket: Option<Bucket>) {
        // A policy was parsed before it was stored.
        let policy = bucket.as_ref().and_then(|bucket| bucket.settings.policy.as_ref());
        let policy = policy.and_then(|document| Policy::resource(document).ok());
        self.iam.set_resource_policy(&arn(name), policy);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match bucket {
            Some(bucket) => known.insert(name.to_owned(), Arc::new(bucket)),
            None => known.remove(name),
        };
    }
}

/// Reads a bucket within a transaction, where no other call can delete it.
pub(crate) fn exists(tx: &Tx<'_>, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM buckets WHERE name = ?1)";
    Ok(tx.prepare_cached(sql)?.query_row([name], |row| row.get(0))?)
}

/// Reads a bucket within a transaction.
pub(crate) fn find(tx: &Tx<'_>, name: &str) -> Result<Option<Bucket>, S3Failure> {
    let sql = "SELECT created_at, settings FROM buckets WHERE name = ?1";
    let row = tx
        .prepare_cached(sql)?
        .query_row([name], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((created_at, settings)) = row else {
        return Ok(None);
    };
    let settings = serde_json::from_str(&settings)?;
    Ok(Some(Bucket { created_at, settings }))
}

/// The ARN of a bucket.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}
