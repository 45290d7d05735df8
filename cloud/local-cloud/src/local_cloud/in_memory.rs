//! The AWS endpoint for functions that run inside this program.

use cloud_endpoint::AwsEndpoint;
use cloud_lambda::{AwsService, TaskError};
use tokio::runtime::Handle;
use tower_service::Service as _;

/// Passes calls to the endpoint in memory. They are performed on this runtime and go on if their caller is ended, as they would over a
/// connection.
pub(super) fn connect(endpoint: &AwsEndpoint) -> AwsService {
    let (runtime, router) = (Handle::current(), endpoint.router());
    AwsService::new(move |request| {
        let mut router = router.clone();
        let call = runtime.spawn(async move { router.call(request).await });
        async move {
            let answer = call.await.map_err(TaskError::from)?;
            // A router never fails.
            answer.map_err(TaskError::from)
        }
    })
}
