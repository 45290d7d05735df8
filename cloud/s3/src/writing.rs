//! Writes objects: from the bytes of a request, from a form, or from another object.

use cloud_iam::Principal;
use futures_util::{StreamExt, TryStreamExt};
use s3s::S3Request;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc64Nvme};
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETagCondition, MetadataDirective,
    PostObjectInput, PostObjectOutput, PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{S3Result, StdError};
use tokio::fs::File;

use crate::checksums::{Expected, expected};
use crate::error::S3Failure;
use crate::files::Written;
use crate::headers::Headers;
use crate::notification::{Creation, Notifier};
use crate::object::{self, NewObject, WriteCondition, timestamp};
use crate::operations::{Operations, caller, etag};
use crate::reading;

/// The largest object of one request. Source: Amazon S3 User Guide, "Uploading objects".
pub(crate) const MAX_PUT: i64 = 5 * 1024 * 1024 * 1024;

impl Operations {
    pub(crate) async fn write(&self, mut req: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let condition = WriteCondition::of(req.input.if_match.as_ref(), req.input.if_none_match.as_ref())?;
        let notifier = self.notifier(&req.input.bucket, Creation::Put, caller(&req.extensions));
        let expected = expected!(req);
        let headers = Headers::of_put(&req.input);
        let PutObjectInput {
            bucket, key, body, ..
        } = req.input;
        let written = self.receive(&bucket, body, &expected).await?;
        let mut output = PutObjectOutput {
            e_tag: Some(etag(&written.md5)),
            ..PutObjectOutput::default()
        };
        output.checksum_crc32.clone_from(&written.checksum.checksum_crc32);
        output
            .checksum_crc32c
            .clone_from(&written.checksum.checksum_crc32c);
        output
            .checksum_crc64nvme
            .clone_from(&written.checksum.checksum_crc64nvme);
        output.checksum_sha1.clone_from(&written.checksum.checksum_sha1);
        output
            .checksum_sha256
            .clone_from(&written.checksum.checksum_sha256);
        self.store_written(bucket, key, written, headers, condition, notifier)
            .await?;
        Ok(output)
    }

    pub(crate) async fn write_form(&self, mut req: S3Request<PostObjectInput>) -> S3Result<PostObjectOutput> {
        let caller = caller(&req.extensions);
        let (name, key) = (&req.input.bucket, &req.input.key);
        self.access
            .check_permission(&caller, "s3:PutObject", name, Some(key))?;
        let expected = expected!(req);
        let headers = Headers::of_form(&req.input);
        let PostObjectInput {
            bucket, key, body, ..
        } = req.input;
        let written = self.receive(&bucket, body, &expected).await?;
        let output = PostObjectOutput {
            e_tag: Some(etag(&written.md5)),
            ..PostObjectOutput::default()
        };
        let notifier = self.notifier(&bucket, Creation::Post, caller);
        self.store_written(bucket, key, written, headers, WriteCondition::Always, notifier)
            .await?;
        Ok(output)
    }

    pub(crate) async fn copy(
        &self,
        caller: &Principal,
        input: CopyObjectInput,
    ) -> S3Result<CopyObjectOutput> {
        let (source_bucket, source_key) = source(&input.copy_source)?;
        let (from, file) = self.open(caller, &source_bucket, &source_key).await?;
        check_source(
            &from.etag,
            input.copy_source_if_match.as_ref(),
            input.copy_source_if_none_match.as_ref(),
        )?;
        let replaces = input.metadata_directive.as_ref().map(MetadataDirective::as_str) == Some("REPLACE");
        if !replaces && source_bucket == input.bucket && source_key == input.key {
            let message = "This copy request is illegal because it is trying to copy an object to itself without \
                           changing the object's metadata, storage class, website redirect location or encryption \
                           attributes.";
            return Err(s3s::s3_error!(InvalidRequest, "{message}"));
        }
        let headers = if replaces {
            Headers::of_copy(&input)
        } else {
            from.headers
        };
        let written = self.write_copy(file, 0, from.size).await?;
        let (digest, now) = (written.md5.clone(), self.now());
        let notifier = self.notifier(&input.bucket, Creation::Copy, caller.clone());
        self.store_written(
            input.bucket,
            input.key,
            written,
            headers,
            WriteCondition::Always,
            notifier,
        )
        .await?;
        Ok(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(etag(&digest)),
                last_modified: timestamp(now),
                ..CopyObjectResult::default()
            }),
            ..CopyObjectOutput::default()
        })
    }

    /// Writes a part of an object's file to a file of its own.
    pub(crate) async fn write_copy(&self, file: File, first: u64, length: i64) -> Result<Written, S3Failure> {
        let bytes = reading::stream(file, first, length).await?;
        let bytes = bytes.map_err(|error| Box::new(error) as StdError);
        self.files.write(bytes, default_hasher(), i64::MAX).await
    }

    /// Writes the bytes of a request to a file, and compares them with their digests.
    pub(crate) async fn receive(
        &self,
        bucket: &str,
        body: Option<StreamingBlob>,
        expected: &Expected,
    ) -> Result<Written, S3Failure> {
        if self.access.buckets.get(bucket).is_none() {
            return Err(S3Failure::NoSuchBucket);
        }
        let written = match body {
            Some(body) => self.files.write(body, expected.hasher(), MAX_PUT).await?,
            None => {
                self.files
                    .write(futures_util::stream::empty().boxed(), expected.hasher(), 0)
                    .await?
            }
        };
        expected.check(&written)?;
        Ok(written)
    }

    /// Stores a file as an object.
    async fn store_written(
        &self,
        bucket: String,
        key: String,
        written: Written,
        mut headers: Headers,
        condition: WriteCondition,
        notifier: Notifier,
    ) -> Result<(), S3Failure> {
        headers.checksums = written.checksum.clone().into();
        let new = NewObject {
            bucket,
            key,
            etag: written.md5.clone(),
            written,
            modified_at: self.now(),
            headers,
            condition,
            notifier,
        };
        let files = self.files.clone();
        self.store.grow(move |tx| object::put(tx, &files, new)).await
    }
}

pub(crate) fn default_hasher() -> ChecksumHasher {
    ChecksumHasher {
        crc64nvme: Some(Crc64Nvme::new()),
        ..ChecksumHasher::default()
    }
}

/// The bucket and the key of the source of a copy.
pub(crate) fn source(source: &CopySource) -> Result<(String, String), S3Failure> {
    match source {
        CopySource::Bucket { bucket, key, .. } => Ok((bucket.to_string(), key.to_string())),
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
            Err(S3Failure::NotImplemented("x-amz-copy-source with an ARN"))
        }
    }
}

/// Checks the conditions on the source of a copy.
pub(crate) fn check_source(
    etag: &str,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> Result<(), S3Failure> {
    let is = |condition: &ETagCondition| condition.as_etag().is_none_or(|wanted| wanted.value() == etag);
    if if_match.is_some_and(|condition| !is(condition)) || if_none_match.is_some_and(is) {
        return Err(S3Failure::PreconditionFailed);
    }
    Ok(())
}
