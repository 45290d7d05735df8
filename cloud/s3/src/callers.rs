//! Who calls: the owners of access keys, as the signatures of requests name them.

use cloud_iam::{AccessKeys, Principal};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};

/// The secrets of the access keys.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    pub(crate) access_keys: AccessKeys,
    /// The secret of all keys that belong to the operator and whose secret nobody here knows.
    pub(crate) stand_in: SecretKey,
}

#[async_trait::async_trait]
impl S3Auth for Callers {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match (
            self.access_keys.secret(access_key),
            self.access_keys.principal(access_key),
        ) {
            (Some(secret), _) => Ok(SecretKey::from(secret)),
            (None, Principal::Operator { .. }) => Ok(self.stand_in.clone()),
            (None, _) => Err(s3_error!(
                InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records."
            )),
        }
    }
}
