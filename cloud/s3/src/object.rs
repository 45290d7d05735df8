//! The rows of objects: each write is conditional, and replaces what was there in one transaction.

use cloud_store::Tx;
use rusqlite::OptionalExtension;
use s3s::dto::{ETagCondition, Timestamp};
use time::OffsetDateTime;

use crate::bucket;
use crate::error::S3Failure;
use crate::files::{Files, Written};
use crate::headers::Headers;
use crate::notification::{Created, Notifier};

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) file: String,
    pub(crate) size: i64,
    pub(crate) etag: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) modified_at: i64,
    pub(crate) headers: Headers,
}

/// An object that is about to be stored.
pub(crate) struct NewObject {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) written: Written,
    pub(crate) etag: String,
    pub(crate) modified_at: i64,
    pub(crate) headers: Headers,
    pub(crate) condition: WriteCondition,
    pub(crate) notifier: Notifier,
}

/// The condition of a write. Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteCondition {
    Always,
    /// `If-None-Match: *`: there is no such object.
    Absent,
    /// `If-Match: *`: there is such an object.
    Present,
    /// `If-Match` with an `ETag`: it is that of the object.
    Is(String),
}

impl WriteCondition {
    /// Reads the condition of a write. S3 knows `If-None-Match` of a write with an asterisk alone.
    pub(crate) fn of(
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> Result<Self, S3Failure> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::Always),
            (None, Some(ETagCondition::Any)) => Ok(Self::Absent),
            (Some(ETagCondition::Any), None) => Ok(Self::Present),
            (Some(ETagCondition::ETag(etag)), None) => Ok(Self::Is(etag.value().to_owned())),
            (None, Some(_)) => Err(S3Failure::NotImplemented("If-None-Match")),
            (Some(_), Some(_)) => Err(S3Failure::NotImplemented("If-Match and If-None-Match together")),
        }
    }

    fn check(&self, current: Option<&Object>) -> Result<(), S3Failure> {
        match (self, current) {
            (Self::Always, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Is(etag), Some(object)) if object.etag == *etag => Ok(()),
            (Self::Present | Self::Is(_), None) => Err(S3Failure::NoSuchKey),
            (Self::Absent | Self::Is(_), Some(_)) => Err(S3Failure::PreconditionFailed),
        }
    }
}

/// A time as the wire has it.
pub(crate) fn timestamp(ms: i64) -> Option<Timestamp> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    moment.ok().map(Timestamp::from)
}

/// Reads an object.
pub(crate) fn find(tx: &Tx<'_>, bucket: &str, key: &str) -> Result<Option<Object>, S3Failure> {
    let sql = "SELECT file, size, etag, modified_at, headers FROM objects WHERE bucket = ?1 AND key = ?2";
    let row = tx
        .prepare_cached(sql)?
        .query_row((bucket, key), |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get::<_, String>(4)?,
            ))
        })
        .optional()?;
    let Some((file, size, etag, modified_at, headers)) = row else {
        return Ok(None);
    };
    Ok(Some(Object {
        file,
        size,
        etag,
        modified_at,
        headers: serde_json::from_str(&headers)?,
    }))
}

/// Stores an object, if the condition of the write holds, with the events of its notifications. The file that it replaces is removed after the commit.
pub(crate) fn put(tx: &Tx<'_>, files: &Files, mut object: NewObject) -> Result<(), S3Failure> {
    if !bucket::exists(tx, &object.bucket)? {
        return Err(S3Failure::NoSuchBucket);
    }
    let current = find(tx, &object.bucket, &object.key)?;
    object.condition.check(current.as_ref())?;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO objects (bucket, key, file, size, etag, modified_at, headers)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        &object.bucket,
        &object.key,
        object.written.name(),
        object.written.size,
        &object.etag,
        object.modified_at,
        serde_json::to_string(&object.headers)?,
    ))?;
    let created = Created {
        bucket: &object.bucket,
        bucket_arn: &bucket::arn(&object.bucket),
        key: &object.key,
        size: object.written.size,
        etag: &object.etag,
        at: object.modified_at,
    };
    object.notifier.notify(tx, created)?;
    remove_after_commit(tx, files, current.map(|current| current.file));
    // Until the commit the file belongs to nobody, and is removed if there is none.
    tx.on_commit(move || object.written.keep());
    Ok(())
}

/// Deletes an object. Deleting one that is not there is done already.
pub(crate) fn delete(tx: &Tx<'_>, files: &Files, bucket: &str, key: &str) -> Result<(), S3Failure> {
    let sql = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 RETURNING file";
    let file = tx
        .prepare_cached(sql)?
        .query_row((bucket, key), |row| row.get::<_, String>(0))
        .optional()?;
    remove_after_commit(tx, files, file);
    Ok(())
}

/// Removes files after the commit that has taken their rows away.
pub(crate) fn remove_after_commit(tx: &Tx<'_>, files: &Files, names: impl IntoIterator<Item = String>) {
    for name in names {
        let files = files.clone();
        tx.on_commit(move || files.remove(&name));
    }
}

/// The names of all files that a row names.
pub(crate) fn named_files(tx: &Tx<'_>) -> Result<std::collections::HashSet<String>, S3Failure> {
    let mut statement = tx.prepare_cached("SELECT file FROM objects UNION ALL SELECT file FROM parts")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}
