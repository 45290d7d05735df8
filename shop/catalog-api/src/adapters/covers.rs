//! The bucket of the covers, on S3.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use rest_function::causes;

use crate::ports::CatalogueError;

/// The bucket, in which cover-resizer writes and this function removes.
#[derive(Debug, Clone)]
pub(super) struct CoversBucket {
    client: Client,
    name: String,
}

impl CoversBucket {
    pub(super) fn new(sdk: &SdkConfig, name: String) -> Self {
        Self {
            client: Client::new(sdk),
            name,
        }
    }

    /// Removes pictures by their keys.
    pub(super) async fn remove(&self, keys: Vec<String>) -> Result<(), CatalogueError> {
        let stay = |reason: String| CatalogueError::PicturesStay(reason);
        let objects = keys
            .into_iter()
            .map(|key| ObjectIdentifier::builder().key(key).build());
        let objects: Result<Vec<_>, _> = objects.collect();
        let delete =
            objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
        let delete = delete.map_err(|error| stay(causes(&error)))?;
        let call = self.client.delete_objects().bucket(&self.name).delete(delete);
        let answer = call.send().await.map_err(|error| stay(causes(&error)))?;
        match answer.errors.unwrap_or_default().into_iter().next() {
            None => Ok(()),
            Some(error) => Err(stay(error.code.unwrap_or_default())),
        }
    }
}
