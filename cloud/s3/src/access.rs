//! Authorizes calls: an operator may do everything, a function what its role or the bucket's policy allows, and everyone else
//! what a public bucket policy allows.

use std::sync::Arc;

use cloud_iam::{AccessKeys, Caller, Iam, Permission, Principal};
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use s3s::dto::{CopyObjectInput, CopySource, UploadPartCopyInput};

use crate::bucket::{self, Buckets};
use crate::error::S3Failure;
use crate::permissions;

/// The judge of all calls. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) keys: AccessKeys,
    pub(crate) iam: Iam,
    pub(crate) buckets: Buckets,
}

/// The caller of a request, which travels with it.
#[derive(Clone, Debug)]
pub(crate) struct Signer(pub(crate) Principal);

impl Access {
    /// Checks that a caller may do something with a bucket, or with a key of it.
    pub(crate) fn check_permission(
        &self,
        caller: &Principal,
        action: &str,
        bucket: &str,
        key: Option<&str>,
    ) -> Result<(), S3Failure> {
        let judged = match caller {
            Principal::Operator { .. } => return Ok(()),
            Principal::Function { .. } => caller.restricted_caller(),
            Principal::Unknown | Principal::Anonymous => Some(Caller::Anonymous),
        };
        let denied = || S3Failure::AccessDenied("Access Denied".to_owned());
        let judged = judged.ok_or_else(denied)?;
        if judged == Caller::Anonymous {
            let found = self.buckets.get(bucket);
            if !found.is_some_and(|found| found.settings.allows_public_policy) {
                return Err(denied());
            }
        }
        let resource = match (bucket, key) {
            ("", _) => "*".to_owned(),
            (bucket, None) => bucket::arn(bucket),
            (bucket, Some(key)) => format!("{}/{key}", bucket::arn(bucket)),
        };
        let permission = Permission::new(action, resource);
        let allowed = self.iam.authorize(&judged, &permission);
        allowed.map_err(|denial| match judged {
            Caller::Anonymous => denied(),
            _ => S3Failure::AccessDenied(denial.message(&denial.permission.action)),
        })
    }

    /// Which failure a caller sees when there is no such key: who may not list the bucket must not learn which keys it has.
    /// Source: Amazon S3 API Reference, `GetObject`, "Permissions".
    pub(crate) fn no_such_key(&self, caller: &Principal, bucket: &str) -> S3Failure {
        match self.check_permission(caller, "s3:ListBucket", bucket, None) {
            Ok(()) => S3Failure::NoSuchKey,
            Err(denied) => denied,
        }
    }

    fn check_source(&self, caller: Option<&Signer>, source: &CopySource) -> S3Result<()> {
        let CopySource::Bucket { bucket, key, .. } = source else {
            return Err(S3Failure::NotImplemented("x-amz-copy-source with an ARN").into());
        };
        let anonymous = Principal::Anonymous;
        let caller = caller.map_or(&anonymous, |signer| &signer.0);
        Ok(self.check_permission(caller, "s3:GetObject", bucket, Some(key))?)
    }
}

/// The wire library asks this before it reads an operation.
#[derive(Debug)]
pub(crate) struct Judge(pub(crate) Arc<Access>);

#[async_trait::async_trait]
impl S3Access for Judge {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let caller = match cx.credentials() {
            Some(credentials) => self.0.keys.principal(&credentials.access_key),
            None => Principal::Anonymous,
        };
        cx.extensions_mut().insert(Signer(caller.clone()));
        let operation = cx.s3_op().name();
        let path = cx.s3_path();
        let bucket = path.get_bucket_name().unwrap_or_default();
        let Some(action) = permissions::action(operation) else {
            return Err(S3Failure::NotImplemented("this operation").into());
        };
        if permissions::names_keys_in_body(operation) {
            return Ok(());
        }
        Ok(self
            .0
            .check_permission(&caller, action, bucket, path.get_object_key())?)
    }

    async fn copy_object(&self, req: &mut s3s::S3Request<CopyObjectInput>) -> S3Result<()> {
        self.0.check_source(req.extensions.get(), &req.input.copy_source)
    }

    async fn upload_part_copy(&self, req: &mut s3s::S3Request<UploadPartCopyInput>) -> S3Result<()> {
        self.0.check_source(req.extensions.get(), &req.input.copy_source)
    }
}
