//! The operations of multipart uploads.

use cloud_iam::Principal;
use futures_util::{StreamExt, TryStreamExt};
use s3s::dto::{
    AbortMultipartUploadInput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part as ListedPart, Range,
    UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Result, StdError};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::checksums::expected;
use crate::error::S3Failure;
use crate::files::Written;
use crate::headers::Headers;
use crate::notification::Creation;
use crate::object::{self, NewObject, WriteCondition, timestamp};
use crate::operations::{Operations, etag};
use crate::reading;
use crate::upload::{self, Part, Upload};
use crate::writing::{check_source, default_hasher, source};

impl Operations {
    pub(crate) async fn begin_upload(
        &self,
        input: CreateMultipartUploadInput,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let upload = Upload {
            id: Uuid::new_v4().simple().to_string(),
            key: input.key.clone(),
            created_at: self.now(),
            headers: Headers::of_upload(&input),
        };
        let (bucket, new) = (input.bucket.clone(), upload.clone());
        self.store
            .grow(move |tx| upload::create(tx, &bucket, &new))
            .await?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload.id),
            checksum_algorithm: input.checksum_algorithm,
            ..CreateMultipartUploadOutput::default()
        })
    }

    pub(crate) async fn write_part(&self, mut req: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let expected = expected!(req);
        let UploadPartInput {
            bucket,
            key,
            body,
            part_number,
            upload_id,
            ..
        } = req.input;
        check_number(part_number)?;
        self.find_upload(&bucket, &key, &upload_id).await?;
        let written = self.receive(&bucket, body, &expected).await?;
        let output = UploadPartOutput {
            e_tag: Some(etag(&written.md5)),
            checksum_crc32: written.checksum.checksum_crc32.clone(),
            checksum_crc32c: written.checksum.checksum_crc32c.clone(),
            checksum_crc64nvme: written.checksum.checksum_crc64nvme.clone(),
            checksum_sha1: written.checksum.checksum_sha1.clone(),
            checksum_sha256: written.checksum.checksum_sha256.clone(),
            ..UploadPartOutput::default()
        };
        self.store_part(bucket, key, upload_id, part_number, written)
            .await?;
        Ok(output)
    }

    pub(crate) async fn copy_part(
        &self,
        caller: &Principal,
        input: UploadPartCopyInput,
    ) -> S3Result<UploadPartCopyOutput> {
        check_number(input.part_number)?;
        self.find_upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        let (source_bucket, source_key) = source(&input.copy_source)?;
        let (from, file) = self.open(caller, &source_bucket, &source_key).await?;
        check_source(
            &from.etag,
            input.copy_source_if_match.as_ref(),
            input.copy_source_if_none_match.as_ref(),
        )?;
        let range = input.copy_source_range.as_deref().map(Range::parse).transpose();
        let range = range.map_err(|_| {
            S3Failure::InvalidArgument(
                "The x-amz-copy-source-range value must be of the form bytes=first-last".to_owned(),
            )
        })?;
        let (first, length) = reading::extent(range, from.size)?;
        let written = self.write_copy(file, first, length).await?;
        let (digest, now) = (written.md5.clone(), self.now());
        self.store_part(
            input.bucket,
            input.key,
            input.upload_id,
            input.part_number,
            written,
        )
        .await?;
        Ok(UploadPartCopyOutput {
            copy_part_result: Some(CopyPartResult {
                e_tag: Some(etag(&digest)),
                last_modified: timestamp(now),
                ..CopyPartResult::default()
            }),
            ..UploadPartCopyOutput::default()
        })
    }

    pub(crate) async fn complete_upload(
        &self,
        caller: Principal,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let condition = WriteCondition::of(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let wanted = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|part| {
                (
                    part.part_number.unwrap_or_default(),
                    part.e_tag.map(|etag| etag.value().to_owned()),
                )
            })
            .collect();
        let (upload, parts) = self
            .find_upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        let parts = upload::select(&parts, &wanted)?;
        let written = self.join(&parts).await?;
        let (digest, mut headers) = (upload::etag(&parts), upload.headers);
        headers.checksums = written.checksum.clone().into();
        let output = CompleteMultipartUploadOutput {
            bucket: Some(input.bucket.clone()),
            key: Some(input.key.clone()),
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            e_tag: Some(etag(&digest)),
            checksum_crc64nvme: written.checksum.checksum_crc64nvme.clone(),
            ..CompleteMultipartUploadOutput::default()
        };
        let new = NewObject {
            notifier: self.notifier(&input.bucket, Creation::CompleteMultipartUpload, caller),
            bucket: input.bucket,
            key: input.key,
            written,
            etag: digest,
            modified_at: self.now(),
            headers,
            condition,
        };
        let (files, id) = (self.files.clone(), input.upload_id);
        let stored = self.store.grow(move |tx| {
            // Two calls that complete the same upload: one wins.
            upload::find(tx, &new.bucket, &new.key, &id)?;
            object::put(tx, &files, new)?;
            upload::delete(tx, &files, &id)
        });
        stored.await?;
        Ok(output)
    }

    pub(crate) async fn abort_upload(&self, input: AbortMultipartUploadInput) -> S3Result<()> {
        let files = self.files.clone();
        let aborted = self.store.run(move |tx| {
            upload::find(tx, &input.bucket, &input.key, &input.upload_id)?;
            upload::delete(tx, &files, &input.upload_id)
        });
        Ok(aborted.await?)
    }

    pub(crate) async fn list_upload_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let (_, parts) = self
            .find_upload(&input.bucket, &input.key, &input.upload_id)
            .await?;
        let most = usize::try_from(input.max_parts.unwrap_or(1000).clamp(1, 1000)).unwrap_or(1000);
        let after = input.part_number_marker.unwrap_or_default();
        let mut later: Vec<_> = parts.into_iter().filter(|part| part.number > after).collect();
        let is_truncated = later.len() > most;
        later.truncate(most);
        let next = later.last().map(|part| part.number);
        let parts = later.into_iter().map(|part| ListedPart {
            part_number: Some(part.number),
            size: Some(part.size),
            e_tag: Some(etag(&part.etag)),
            last_modified: timestamp(part.modified_at),
            ..ListedPart::default()
        });
        Ok(ListPartsOutput {
            parts: Some(parts.collect()),
            is_truncated: Some(is_truncated),
            next_part_number_marker: next.filter(|_| is_truncated),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            ..ListPartsOutput::default()
        })
    }

    /// Lists the uploads of a bucket, the first thousand of them.
    pub(crate) async fn list_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<ListMultipartUploadsOutput> {
        if input.delimiter.is_some() {
            return Err(S3Failure::NotImplemented("delimiter").into());
        }
        let (bucket, prefix) = (input.bucket.clone(), input.prefix.clone().unwrap_or_default());
        let uploads = self
            .store
            .run(move |tx| upload::of_bucket(tx, &bucket, &prefix))
            .await?;
        let after = (
            input.key_marker.unwrap_or_default(),
            input.upload_id_marker.unwrap_or_default(),
        );
        let later = uploads.into_iter().filter(|upload| {
            // Without an id, the marker stands for all uploads of its key.
            let is_later = (&upload.key, &upload.id) > (&after.0, &after.1);
            is_later && !(after.1.is_empty() && upload.key == after.0 && !after.0.is_empty())
        });
        let mut later: Vec<_> = later.collect();
        let is_truncated = later.len() > 1000;
        later.truncate(1000);
        let last = later.last().cloned().filter(|_| is_truncated);
        let uploads = later.into_iter().map(|upload| MultipartUpload {
            key: Some(upload.key),
            upload_id: Some(upload.id),
            initiated: timestamp(upload.created_at),
            ..MultipartUpload::default()
        });
        Ok(ListMultipartUploadsOutput {
            uploads: Some(uploads.collect()),
            is_truncated: Some(is_truncated),
            next_key_marker: last.as_ref().map(|upload| upload.key.clone()),
            next_upload_id_marker: last.map(|upload| upload.id),
            bucket: Some(input.bucket),
            prefix: input.prefix,
            ..ListMultipartUploadsOutput::default()
        })
    }

    async fn find_upload(&self, bucket: &str, key: &str, id: &str) -> Result<(Upload, Vec<Part>), S3Failure> {
        let (bucket, key, id) = (bucket.to_owned(), key.to_owned(), id.to_owned());
        let found = self.store.run(move |tx| {
            if !crate::bucket::exists(tx, &bucket)? {
                return Err(S3Failure::NoSuchBucket);
            }
            Ok((upload::find(tx, &bucket, &key, &id)?, upload::parts(tx, &id)?))
        });
        found.await
    }

    async fn store_part(
        &self,
        bucket: String,
        key: String,
        id: String,
        number: i32,
        written: Written,
    ) -> Result<(), S3Failure> {
        let (files, now) = (self.files.clone(), self.now());
        let stored = self.store.grow(move |tx| {
            // The upload can have ended while the bytes came.
            upload::find(tx, &bucket, &key, &id)?;
            upload::put_part(tx, &files, &id, number, written, now)
        });
        stored.await
    }

    /// Joins parts in a new file.
    async fn join(&self, parts: &[Part]) -> Result<Written, S3Failure> {
        let names: Vec<_> = parts.iter().map(|part| part.file.clone()).collect();
        let files = self.files.clone();
        let opened = futures_util::stream::iter(names).then(move |name| {
            let files = files.clone();
            async move {
                let file = files.read(&name).await?;
                Ok::<_, std::io::Error>(ReaderStream::with_capacity(file, reading::BUFFER))
            }
        });
        let bytes = opened.try_flatten().map_err(|error| Box::new(error) as StdError);
        self.files.write(bytes.boxed(), default_hasher(), i64::MAX).await
    }
}

fn check_number(number: i32) -> Result<(), S3Failure> {
    if (1..=upload::MAX_PART_NUMBER).contains(&number) {
        return Ok(());
    }
    let message = "Part number must be an integer between 1 and 10000, inclusive";
    Err(S3Failure::InvalidArgument(message.to_owned()))
}
