//! Time, as the system tells it.

use std::time::Duration;

use order_core::Timestamp;
use queue_consumer::ports::Clock;
use time::OffsetDateTime;

use super::Aws;

impl Clock for Aws {
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::now_utc())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
