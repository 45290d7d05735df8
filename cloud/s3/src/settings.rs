//! Reads and changes the settings of buckets.

use cloud_iam::Policy;

use crate::bucket::{self, BucketSettings};
use crate::configuration::parse_policy;
use crate::error::S3Failure;
use crate::operations::Operations;

impl Operations {
    /// The settings of a bucket.
    pub(crate) fn settings(&self, bucket: &str) -> Result<BucketSettings, S3Failure> {
        let found = self.access.buckets.get(bucket).ok_or(S3Failure::NoSuchBucket)?;
        Ok(found.settings.clone())
    }

    /// Changes the settings of a bucket in one transaction.
    pub(crate) async fn change_settings(
        &self,
        bucket: String,
        change: impl FnOnce(&mut BucketSettings) -> Result<(), S3Failure> + Send + 'static,
    ) -> Result<(), S3Failure> {
        let buckets = self.access.buckets.clone();
        let changed = self.store.grow(move |tx| {
            let mut found = bucket::find(tx, &bucket)?.ok_or(S3Failure::NoSuchBucket)?;
            change(&mut found.settings)?;
            buckets.put(tx, &bucket, found)
        });
        changed.await
    }

    /// Replaces the policy of a bucket.
    pub(crate) async fn put_policy(&self, bucket: String, text: &str) -> Result<(), S3Failure> {
        let document = parse_policy(&bucket, text)?;
        let is_public = Policy::resource(&document).is_ok_and(|policy| policy.is_public());
        let changed = self.change_settings(bucket, move |settings| {
            if is_public && !settings.allows_public_policy {
                let why = "Access Denied because public policies are blocked by the BlockPublicPolicy block public \
                           access setting.";
                return Err(S3Failure::AccessDenied(why.to_owned()));
            }
            settings.policy = Some(document);
            Ok(())
        });
        changed.await
    }
}
