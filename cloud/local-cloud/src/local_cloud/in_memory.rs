//! The AWS endpoint for functions that run inside this program.

use std::pin::Pin;
use std::task::{Context, Poll};

use cloud_endpoint::AwsEndpoint;
use cloud_lambda::{AwsService, TaskError};
use tokio::runtime::Handle;
use tower_service::Service as _;
use tracing::Dispatch;
use tracing::dispatcher;

/// Passes calls to the endpoint in memory. They go on if their caller is ended, as they would over a connection.
pub(super) fn connect(endpoint: &AwsEndpoint) -> AwsService {
    let (runtime, router) = (Handle::current(), endpoint.router());
    let log = dispatcher::get_default(Dispatch::clone);
    AwsService::new(move |request| {
        let mut router = router.clone();
        Call {
            runtime: runtime.clone(),
            log: log.clone(),
            rest: Some(Box::pin(async move {
                let answer = router.call(request).await;
                // A router never fails.
                answer.map_err(TaskError::from)
            })),
        }
    })
}

/// A call that its caller's own thread performs. Handing it to a thread of the endpoint and waiting for the answer would wake two threads
/// more, which costs more than most calls.
struct Call<T: Send + 'static> {
    /// The endpoint's runtime. The call sees no other one, so that its timers and tasks outlive the caller.
    runtime: Handle,
    /// The log of the system. The thread has another one, that of the function.
    log: Dispatch,
    /// `None` once it is answered.
    rest: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T: Send + 'static> Future for Call<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let call = &mut *self;
        let Some(rest) = &mut call.rest else {
            return Poll::Pending;
        };
        let _entered = call.runtime.enter();
        let _logged = dispatcher::set_default(&call.log);
        let polled = rest.as_mut().poll(context);
        if polled.is_ready() {
            call.rest = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Call<T> {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            self.runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use tokio::sync::Notify;
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    fn call(work: impl Future<Output = ()> + Send + 'static) -> Call<()> {
        Call {
            runtime: Handle::current(),
            log: Dispatch::none(),
            rest: Some(Box::pin(work)),
        }
    }

    fn begin(call: &mut Call<()>) {
        let polled = Pin::new(call).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }

    #[tokio::test]
    async fn a_call_goes_on_without_its_caller() {
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (wait, tell) = (go.clone(), done.clone());
        let mut waiting = call(async move {
            wait.notified().await;
            tell.notify_one();
        });
        // It begins, and its caller is ended while it waits.
        begin(&mut waiting);
        drop(waiting);
        go.notify_one();
        done.notified().await;
    }

    #[test]
    fn a_call_outlives_the_runtime_of_its_caller() {
        let endpoint = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let done = Arc::new(Notify::new());
        let tell = done.clone();
        let entered = endpoint.enter();
        let mut waiting = call(async move {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            tell.notify_one();
        });
        drop(entered);
        let caller = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // This runtime has no timers: the call would panic on it.
        caller.block_on(async { begin(&mut waiting) });
        drop((waiting, caller));
        endpoint.block_on(done.notified());
    }

    /// The log of a function.
    struct OfTheFunction;

    impl Subscriber for OfTheFunction {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            panic!("{event:?} is in the log of the function");
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[tokio::test]
    async fn a_call_writes_into_the_log_of_the_system() {
        let _function = dispatcher::set_default(&Dispatch::new(OfTheFunction));
        call(async { tracing::error!("denied") }).await;
    }
}
