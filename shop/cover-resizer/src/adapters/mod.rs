//! AWS behind the [ports](crate::ports).

mod books;
mod buckets;

use std::time::Duration;

use aws_config::SdkConfig;
use function_runtime::CallError;
use function_runtime::aws::CallLimits;

use crate::config::Config;
use crate::ports::{Content, Outcome, Ports, Recorded, Upload};
use crate::sequencer::Sequencer;

/// A call ends within 15 seconds, retries included: an upload has 20 MiB at most. The function has a minute for seven calls and the
/// pictures, and Lambda tries again.
pub const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(7),
    operation: Duration::from_secs(15),
    max_attempts: 3,
    first_backoff: Duration::from_millis(100),
};

/// Two buckets and a table. It needs `s3:GetObject` on the uploads, `s3:PutObject` and `s3:DeleteObject` on the covers,
/// `s3:ListBucket` on their bucket, and `dynamodb:UpdateItem` on the table of books.
#[derive(Debug, Clone)]
pub struct Aws {
    s3: aws_sdk_s3::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    config: Config,
}

impl Aws {
    /// The buckets and the table of this configuration.
    #[must_use]
    pub fn new(sdk: &SdkConfig, config: Config) -> Self {
        Self {
            s3: aws_sdk_s3::Client::new(sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            config,
        }
    }
}

impl Ports for Aws {
    async fn read(&self, upload: &Upload) -> Result<Content, CallError> {
        buckets::read(&self.s3, upload).await
    }

    async fn write(&self, key: &str, jpeg: Vec<u8>) -> Result<(), CallError> {
        buckets::write(&self.s3, &self.config.covers_bucket, key, jpeg).await
    }

    async fn pictures(&self, isbn: &str) -> Result<Vec<String>, CallError> {
        buckets::pictures(&self.s3, &self.config.covers_bucket, isbn).await
    }

    async fn remove(&self, keys: Vec<String>) -> Result<(), CallError> {
        buckets::remove(&self.s3, &self.config.covers_bucket, keys).await
    }

    async fn record(
        &self,
        isbn: &str,
        sequencer: &Sequencer,
        outcome: Outcome,
    ) -> Result<Recorded, CallError> {
        books::record(&self.dynamodb, &self.config.books_table, isbn, sequencer, outcome).await
    }
}
