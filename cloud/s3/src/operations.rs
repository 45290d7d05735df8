//! The operations, as the wire library asks for them.

use std::sync::Arc;

use cloud_async_invocation::AsyncInvocations;
use cloud_iam::Principal;
use cloud_store::Store;
use cloud_wire::{ACCOUNT, Clock, REGION};
use http::Extensions;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput,
    CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteBucketCorsInput, DeleteBucketCorsOutput, DeleteBucketInput, DeleteBucketOutput,
    DeleteBucketPolicyInput, DeleteBucketPolicyOutput, DeleteBucketWebsiteInput, DeleteBucketWebsiteOutput,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag,
    EncodingType, Error, GetBucketCorsInput, GetBucketCorsOutput, GetBucketLocationInput,
    GetBucketLocationOutput, GetBucketPolicyInput, GetBucketPolicyOutput, GetBucketWebsiteInput,
    GetBucketWebsiteOutput, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    ListPartsInput, ListPartsOutput, Object, Owner, PostObjectInput, PostObjectOutput, PutBucketCorsInput,
    PutBucketCorsOutput, PutBucketPolicyInput, PutBucketPolicyOutput, PutBucketWebsiteInput,
    PutBucketWebsiteOutput, PutObjectInput, PutObjectOutput, UploadPartCopyInput, UploadPartCopyOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use crate::access::{Access, Signer};
use crate::bucket::{self, BucketSettings};
use crate::configuration;
use crate::error::S3Failure;
use crate::files::Files;
use crate::listing::{self, Listed, Page, Query};
use crate::notification::{Creation, Notifier};
use crate::object::{self, timestamp};
use crate::upload;

/// The state that operations work on. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Operations {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) files: Files,
    pub(crate) access: Arc<Access>,
    pub(crate) invocations: AsyncInvocations,
}

impl Operations {
    /// The time of a change, in milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> i64 {
        self.clock.wall_ms(self.clock.now_ms())
    }

    /// The notifier for an object that `principal` creates in a bucket.
    pub(crate) fn notifier(&self, bucket: &str, creation: Creation, principal: Principal) -> Notifier {
        let bucket = self.access.buckets.get(bucket);
        Notifier {
            invocations: self.invocations.clone(),
            notifications: bucket.map_or_else(Vec::new, |bucket| bucket.settings.notifications.clone()),
            creation,
            principal,
        }
    }
}

/// The caller of a request.
pub(crate) fn caller(extensions: &Extensions) -> Principal {
    let signer = extensions.get::<Signer>();
    signer.map_or(Principal::Anonymous, |signer| signer.0.clone())
}

pub(crate) fn etag(text: &str) -> ETag {
    ETag::Strong(text.to_owned())
}

fn owner() -> Owner {
    Owner {
        display_name: None,
        id: Some(ACCOUNT.to_owned()),
    }
}

/// Encodes keys for a caller that asked for it, because XML cannot hold all characters of keys.
fn encoder(encoding: Option<&EncodingType>) -> impl Fn(String) -> String + use<> {
    let encodes = encoding.is_some();
    move |text| {
        if encodes {
            percent_encoding::utf8_percent_encode(&text, crate::stand_in::ENCODED_IN_PATH).to_string()
        } else {
            text
        }
    }
}

fn max_keys(asked: Option<i32>) -> Result<i32, S3Failure> {
    match asked {
        None => Ok(listing::MAX_KEYS),
        Some(asked) if asked >= 0 => Ok(asked.min(listing::MAX_KEYS)),
        Some(_) => Err(S3Failure::InvalidArgument(
            "Argument maxKeys must be an integer between 0 and 2147483647".to_owned(),
        )),
    }
}

fn listed(object: Listed, encode: impl Fn(String) -> String) -> Object {
    Object {
        key: Some(encode(object.key)),
        size: Some(object.size),
        e_tag: Some(etag(&object.etag)),
        last_modified: timestamp(object.modified_at),
        storage_class: Some(s3s::dto::ObjectStorageClass::from_static("STANDARD")),
        ..Object::default()
    }
}

fn prefixes(prefixes: Vec<String>, encode: impl Fn(String) -> String) -> Vec<CommonPrefix> {
    let prefixes = prefixes.into_iter().map(|prefix| CommonPrefix {
        prefix: Some(encode(prefix)),
    });
    prefixes.collect()
}

impl Operations {
    async fn page(&self, query: Query) -> Result<Page, S3Failure> {
        if query.max_keys == 0 {
            return Ok(Page::default());
        }
        self.store.run(move |tx| listing::list(tx, &query)).await
    }

    async fn delete_key(&self, bucket: &str, key: &str) -> Result<(), S3Failure> {
        let (files, bucket, key) = (self.files.clone(), bucket.to_owned(), key.to_owned());
        let deleted = self.store.run_after_barrier(move |tx| {
            if !bucket::exists(tx, &bucket)? {
                return Err(S3Failure::NoSuchBucket);
            }
            object::delete(tx, &files, &bucket, &key)
        });
        deleted.await
    }
}

#[async_trait::async_trait]
impl s3s::S3 for Operations {
    async fn list_buckets(
        &self,
        req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let prefix = req.input.prefix.unwrap_or_default();
        let buckets = self
            .access
            .buckets
            .all()
            .into_iter()
            .filter(|(name, _)| name.starts_with(&prefix));
        let buckets = buckets.map(|(name, bucket)| Bucket {
            name: Some(name),
            creation_date: timestamp(bucket.created_at),
            bucket_region: Some(REGION.to_owned()),
        });
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            owner: Some(owner()),
            ..ListBucketsOutput::default()
        }))
    }

    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let name = req.input.bucket;
        if name == ACCOUNT {
            return Err(S3Failure::InvalidBucketName.into());
        }
        let (buckets, created_at, new) = (self.access.buckets.clone(), self.now(), name.clone());
        let created = self.store.grow(move |tx| {
            if bucket::exists(tx, &new)? {
                return Err(S3Failure::BucketAlreadyOwnedByYou);
            }
            let settings = BucketSettings::default();
            buckets.put(tx, &new, bucket::Bucket { created_at, settings })
        });
        created.await?;
        Ok(S3Response::new(CreateBucketOutput {
            location: Some(format!("/{name}")),
        }))
    }

    async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let (buckets, files, name) = (self.access.buckets.clone(), self.files.clone(), req.input.bucket);
        let deleted = self.store.run(move |tx| {
            for upload in upload::of_bucket(tx, &name, "")? {
                upload::delete(tx, &files, &upload.id)?;
            }
            buckets.delete(tx, &name)
        });
        deleted.await?;
        Ok(S3Response::new(DeleteBucketOutput {}))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.access
            .buckets
            .get(&req.input.bucket)
            .ok_or(S3Failure::NoSuchBucket)?;
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(REGION.to_owned()),
            ..HeadBucketOutput::default()
        }))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.access
            .buckets
            .get(&req.input.bucket)
            .ok_or(S3Failure::NoSuchBucket)?;
        // The answer for us-east-1 is empty. Source: Amazon S3 API Reference, `GetBucketLocation`.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let encode = encoder(input.encoding_type.as_ref());
        let max_keys = max_keys(input.max_keys)?;
        let from = match (&input.continuation_token, &input.start_after) {
            (Some(token), _) => listing::from_token(token)?,
            (None, Some(after)) => listing::after_key(after),
            (None, None) => String::new(),
        };
        let page = self.page(Query {
            bucket: input.bucket.clone(),
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            from,
            max_keys: usize::try_from(max_keys).unwrap_or_default(),
        });
        let page = page.await?;
        let count = page.objects.len() + page.prefixes.len();
        let with_owner = input.fetch_owner == Some(true);
        let contents = page.objects.into_iter().map(|object| Object {
            owner: with_owner.then(owner),
            ..listed(object, &encode)
        });
        Ok(S3Response::new(ListObjectsV2Output {
            contents: Some(contents.collect()),
            common_prefixes: Some(prefixes(page.prefixes, &encode)),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_deref().map(listing::token),
            key_count: i32::try_from(count).ok(),
            name: Some(input.bucket),
            prefix: Some(encode(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(&encode),
            start_after: input.start_after.map(&encode),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            max_keys: Some(max_keys),
            request_charged: None,
        }))
    }

    async fn list_objects(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let encode = encoder(input.encoding_type.as_ref());
        let max_keys = max_keys(input.max_keys)?;
        let marker = input.marker.clone().unwrap_or_default();
        let first = listing::after_marker(&marker, input.prefix.as_deref(), input.delimiter.as_deref());
        let no_key = || S3Failure::InvalidArgument("No key follows this marker".to_owned());
        let from = first.ok_or_else(no_key)?;
        let page = self.page(Query {
            bucket: input.bucket.clone(),
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            from,
            max_keys: usize::try_from(max_keys).unwrap_or_default(),
        });
        let page = page.await?;
        let last_key = page.objects.last().map(|object| object.key.clone());
        let last = last_key.max(page.prefixes.last().cloned());
        // Without a delimiter, callers take the last key. Source: Amazon S3 API Reference, `ListObjects`, `NextMarker`.
        let next_marker = last.filter(|_| page.next.is_some() && input.delimiter.is_some());
        let contents = page.objects.into_iter().map(|object| Object {
            owner: Some(owner()),
            ..listed(object, &encode)
        });
        Ok(S3Response::new(ListObjectsOutput {
            contents: Some(contents.collect()),
            common_prefixes: Some(prefixes(page.prefixes, &encode)),
            is_truncated: Some(page.next.is_some()),
            next_marker: next_marker.map(&encode),
            name: Some(input.bucket),
            prefix: Some(encode(input.prefix.unwrap_or_default())),
            delimiter: input.delimiter.map(&encode),
            marker: Some(encode(marker)),
            encoding_type: input.encoding_type,
            max_keys: Some(max_keys),
            request_charged: None,
        }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        Ok(S3Response::new(
            self.read(&caller(&req.extensions), req.input).await?,
        ))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        Ok(S3Response::new(
            self.describe(&caller(&req.extensions), req.input).await?,
        ))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        Ok(S3Response::new(self.write(req).await?))
    }

    async fn post_object(&self, req: S3Request<PostObjectInput>) -> S3Result<S3Response<PostObjectOutput>> {
        Ok(S3Response::new(self.write_form(req).await?))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let caller = caller(&req.extensions);
        Ok(S3Response::new(self.copy(&caller, req.input).await?))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.delete_key(&req.input.bucket, &req.input.key).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let (caller, bucket) = (caller(&req.extensions), req.input.bucket);
        if req.input.delete.objects.len() > 1000 {
            return Err(S3Failure::MalformedXml.into());
        }
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in req.input.delete.objects {
            let allowed =
                self.access
                    .check_permission(&caller, "s3:DeleteObject", &bucket, Some(&object.key));
            let done = match allowed {
                Ok(()) => self.delete_key(&bucket, &object.key).await,
                Err(denied) => Err(denied),
            };
            match done {
                Ok(()) => deleted.push(DeletedObject {
                    key: Some(object.key),
                    ..DeletedObject::default()
                }),
                Err(S3Failure::NoSuchBucket) => return Err(S3Failure::NoSuchBucket.into()),
                Err(failure) => {
                    let failure = s3s::S3Error::from(failure);
                    errors.push(Error {
                        key: Some(object.key),
                        code: Some(failure.code().as_str().to_owned()),
                        message: failure.message().map(str::to_owned),
                        version_id: None,
                    });
                }
            }
        }
        let quiet = req.input.delete.quiet == Some(true);
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: (!errors.is_empty()).then_some(errors),
            request_charged: None,
        }))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        Ok(S3Response::new(self.begin_upload(req.input).await?))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        Ok(S3Response::new(self.write_part(req).await?))
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let caller = caller(&req.extensions);
        Ok(S3Response::new(self.copy_part(&caller, req.input).await?))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let caller = caller(&req.extensions);
        Ok(S3Response::new(self.complete_upload(caller, req.input).await?))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.abort_upload(req.input).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        Ok(S3Response::new(self.list_upload_parts(req.input).await?))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        Ok(S3Response::new(self.list_uploads(req.input).await?))
    }

    async fn get_bucket_policy(
        &self,
        req: S3Request<GetBucketPolicyInput>,
    ) -> S3Result<S3Response<GetBucketPolicyOutput>> {
        let policy = self.settings(&req.input.bucket)?.policy;
        let policy = policy.ok_or(S3Failure::NoSuchBucketPolicy)?;
        Ok(S3Response::new(GetBucketPolicyOutput {
            policy: Some(policy.to_string()),
        }))
    }

    async fn put_bucket_policy(
        &self,
        req: S3Request<PutBucketPolicyInput>,
    ) -> S3Result<S3Response<PutBucketPolicyOutput>> {
        self.put_policy(req.input.bucket, &req.input.policy).await?;
        Ok(S3Response::new(PutBucketPolicyOutput::default()))
    }

    async fn delete_bucket_policy(
        &self,
        req: S3Request<DeleteBucketPolicyInput>,
    ) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
        let clear = |settings: &mut BucketSettings| {
            settings.policy = None;
            Ok(())
        };
        self.change_settings(req.input.bucket, clear).await?;
        Ok(S3Response::new(DeleteBucketPolicyOutput::default()))
    }

    async fn get_bucket_cors(
        &self,
        req: S3Request<GetBucketCorsInput>,
    ) -> S3Result<S3Response<GetBucketCorsOutput>> {
        let rules = self.settings(&req.input.bucket)?.cors;
        if rules.is_empty() {
            return Err(S3Failure::NoSuchCorsConfiguration.into());
        }
        Ok(S3Response::new(GetBucketCorsOutput {
            cors_rules: Some(configuration::shown_rules(rules)),
        }))
    }

    async fn put_bucket_cors(
        &self,
        req: S3Request<PutBucketCorsInput>,
    ) -> S3Result<S3Response<PutBucketCorsOutput>> {
        let rules = configuration::cors_rules(req.input.cors_configuration)?;
        let set = move |settings: &mut BucketSettings| {
            settings.cors = rules;
            Ok(())
        };
        self.change_settings(req.input.bucket, set).await?;
        Ok(S3Response::new(PutBucketCorsOutput::default()))
    }

    async fn delete_bucket_cors(
        &self,
        req: S3Request<DeleteBucketCorsInput>,
    ) -> S3Result<S3Response<DeleteBucketCorsOutput>> {
        let clear = |settings: &mut BucketSettings| {
            settings.cors.clear();
            Ok(())
        };
        self.change_settings(req.input.bucket, clear).await?;
        Ok(S3Response::new(DeleteBucketCorsOutput::default()))
    }

    async fn get_bucket_website(
        &self,
        req: S3Request<GetBucketWebsiteInput>,
    ) -> S3Result<S3Response<GetBucketWebsiteOutput>> {
        let website = self.settings(&req.input.bucket)?.website;
        let website = website.ok_or(S3Failure::NoSuchWebsiteConfiguration)?;
        let (index_document, error_document) = configuration::shown_website(website);
        Ok(S3Response::new(GetBucketWebsiteOutput {
            index_document,
            error_document,
            ..GetBucketWebsiteOutput::default()
        }))
    }

    async fn put_bucket_website(
        &self,
        req: S3Request<PutBucketWebsiteInput>,
    ) -> S3Result<S3Response<PutBucketWebsiteOutput>> {
        let website = configuration::website(req.input.website_configuration)?;
        let set = move |settings: &mut BucketSettings| {
            settings.website = Some(website);
            Ok(())
        };
        self.change_settings(req.input.bucket, set).await?;
        Ok(S3Response::new(PutBucketWebsiteOutput::default()))
    }

    async fn delete_bucket_website(
        &self,
        req: S3Request<DeleteBucketWebsiteInput>,
    ) -> S3Result<S3Response<DeleteBucketWebsiteOutput>> {
        let clear = |settings: &mut BucketSettings| {
            settings.website = None;
            Ok(())
        };
        self.change_settings(req.input.bucket, clear).await?;
        Ok(S3Response::new(DeleteBucketWebsiteOutput::default()))
    }
}
