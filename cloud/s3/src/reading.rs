//! Reads objects: whole, a range of them, or what is known of them.

use cloud_iam::Principal;
use s3s::S3Error;
use s3s::dto::{
    ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, Range, StreamingBlob,
    Timestamp,
};
use s3s::{S3ErrorCode, S3Result};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, Take};
use tokio_util::io::ReaderStream;

use crate::error::S3Failure;
use crate::object::{self, Object, timestamp};
use crate::operations::{Operations, etag};

/// How many bytes are read at once.
pub(crate) const BUFFER: usize = 64 * 1024;

/// The conditions of a read. Source: RFC 9110, section 13.2.2, "Precedence of Preconditions".
#[expect(clippy::struct_field_names, reason = "the names of the headers")]
struct ReadCondition {
    if_match: Option<ETagCondition>,
    if_none_match: Option<ETagCondition>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    fn check(&self, object: &Object) -> S3Result<()> {
        let is = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(etag) => etag.value() == object.etag,
        };
        // The wire has whole seconds.
        let modified = timestamp(object.modified_at / 1000 * 1000);
        let is_newer = |since: &Timestamp| modified.as_ref().is_some_and(|modified| modified > since);
        let failed = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => !is(condition),
            (None, Some(since)) => is_newer(since),
            (None, None) => false,
        };
        if failed {
            return Err(S3Failure::PreconditionFailed.into());
        }
        let unchanged = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => is(condition),
            (None, Some(since)) => !is_newer(since),
            (None, None) => false,
        };
        if unchanged {
            return Err(S3Error::new(S3ErrorCode::NotModified));
        }
        Ok(())
    }
}

impl Operations {
    /// Finds an object for a caller.
    pub(crate) async fn find(
        &self,
        caller: &Principal,
        bucket: &str,
        key: &str,
    ) -> Result<Object, S3Failure> {
        if self.access.buckets.get(bucket).is_none() {
            return Err(S3Failure::NoSuchBucket);
        }
        let (name, wanted) = (bucket.to_owned(), key.to_owned());
        let found = self.store.run(move |tx| object::find(tx, &name, &wanted)).await?;
        found.ok_or_else(|| self.access.no_such_key(caller, bucket))
    }

    /// Finds an object and opens its file. The file of a row is removed when another write replaces the row; then the row is
    /// read again.
    pub(crate) async fn open(
        &self,
        caller: &Principal,
        bucket: &str,
        key: &str,
    ) -> Result<(Object, File), S3Failure> {
        loop {
            let object = self.find(caller, bucket, key).await?;
            match self.files.read(&object.file).await {
                Ok(file) => return Ok((object, file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let again = self.find(caller, bucket, key).await?;
                    if again.file == object.file {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) async fn read(&self, caller: &Principal, input: GetObjectInput) -> S3Result<GetObjectOutput> {
        let (object, file) = self.open(caller, &input.bucket, &input.key).await?;
        let condition = ReadCondition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        condition.check(&object)?;
        let (first, length) = extent(input.range, object.size)?;
        let mut output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(
                stream(file, first, length).await.map_err(S3Failure::from)?,
            )),
            content_length: Some(length),
            content_range: content_range(input.range, first, length, object.size),
            e_tag: Some(etag(&object.etag)),
            last_modified: timestamp(object.modified_at),
            ..GetObjectOutput::default()
        };
        let with_checksums = input.range.is_none() && input.checksum_mode.is_some();
        object.headers.answer_get(&mut output, with_checksums);
        Ok(output)
    }

    pub(crate) async fn describe(
        &self,
        caller: &Principal,
        input: HeadObjectInput,
    ) -> S3Result<HeadObjectOutput> {
        let object = self.find(caller, &input.bucket, &input.key).await?;
        let condition = ReadCondition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
            if_modified_since: input.if_modified_since,
            if_unmodified_since: input.if_unmodified_since,
        };
        condition.check(&object)?;
        let (first, length) = extent(input.range, object.size)?;
        let mut output = HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length),
            content_range: content_range(input.range, first, length, object.size),
            e_tag: Some(etag(&object.etag)),
            last_modified: timestamp(object.modified_at),
            ..HeadObjectOutput::default()
        };
        object.headers.answer_head(
            &mut output,
            input.range.is_none() && input.checksum_mode.is_some(),
        );
        Ok(output)
    }
}

/// The first byte and the number of bytes of an answer.
pub(crate) fn extent(range: Option<Range>, size: i64) -> S3Result<(u64, i64)> {
    let Some(range) = range else {
        return Ok((0, size));
    };
    let checked = range.check(u64::try_from(size).unwrap_or_default());
    let bytes = checked.map_err(|_| S3Failure::InvalidRange)?;
    Ok((
        bytes.start,
        i64::try_from(bytes.end - bytes.start).unwrap_or(i64::MAX),
    ))
}

fn content_range(range: Option<Range>, first: u64, length: i64, size: i64) -> Option<String> {
    let last = first + u64::try_from(length).ok()?.checked_sub(1)?;
    range.map(|_| format!("bytes {first}-{last}/{size}"))
}

/// The bytes of a file from `first` on.
pub(crate) async fn stream(
    mut file: File,
    first: u64,
    length: i64,
) -> std::io::Result<ReaderStream<Take<File>>> {
    file.seek(std::io::SeekFrom::Start(first)).await?;
    let part = file.take(u64::try_from(length).unwrap_or_default());
    Ok(ReaderStream::with_capacity(part, BUFFER))
}
