//! The system under load. It may stop and start again on other ports.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use stack_client::{Api, Connection, Resource};
use tokio::sync::watch;
use tokio::time::Instant;

use super::backoff;
use super::reasons::Reasons;

/// The clients of the system. After a failed attempt its endpoints are looked up again.
#[derive(Debug)]
pub(super) struct System<'a> {
    connection: &'a Connection,
    patience: Duration,
    stop: watch::Receiver<bool>,
    clients: RefCell<Rc<Clients>>,
    retries: Cell<u64>,
    retry_reasons: RefCell<Reasons>,
}

/// The clients of the system between two starts.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) api: Api,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) orders_queue_url: String,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) orders_table: String,
}

/// The result of an attempt.
#[derive(Debug)]
pub(super) enum Attempt<T> {
    /// The result is known.
    Done(T),
    /// A retry may succeed.
    Retry(anyhow::Error),
}

impl Clients {
    async fn open(connection: &Connection) -> anyhow::Result<Self> {
        let config = connection.sdk_config().await?;
        Ok(Self {
            api: connection.api().await?,
            sqs: aws_sdk_sqs::Client::new(&config),
            orders_queue_url: connection.resource(Resource::OrdersQueueUrl).await?,
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            orders_table: connection.resource(Resource::OrdersTableName).await?,
        })
    }
}

impl<'a> System<'a> {
    /// Connects to the system, which must run now. Later it may be absent for `patience` at a time.
    pub(super) async fn connect(
        connection: &'a Connection,
        patience: Duration,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let clients = RefCell::new(Rc::new(Clients::open(connection).await?));
        Ok(Self {
            connection,
            patience,
            stop,
            clients,
            retries: Cell::new(0),
            retry_reasons: RefCell::default(),
        })
    }

    /// Whether the user has stopped the load.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// The number of retries.
    pub(super) fn retries(&self) -> u64 {
        self.retries.get()
    }

    /// The reasons of the retries.
    pub(super) fn retry_reasons(&self) -> Reasons {
        self.retry_reasons.borrow().clone()
    }

    /// Sleeps until a moment, or until the user stops the load.
    pub(super) async fn sleep_until(&self, moment: Instant) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep_until(moment) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Repeats an attempt until its result is known. Returns the last error when the patience is over or the user stops the
    /// load.
    pub(super) async fn retry_until_decided<T>(
        &self,
        mut attempt: impl AsyncFnMut(&Clients) -> Attempt<T>,
    ) -> anyhow::Result<T> {
        let give_up = Instant::now() + self.patience;
        let mut rng = fastrand::Rng::new();
        for number in 1.. {
            let clients = Rc::clone(&self.clients.borrow());
            let reason = match attempt(&clients).await {
                Attempt::Done(value) => return Ok(value),
                Attempt::Retry(reason) => reason,
            };
            let next = Instant::now() + backoff::draw_delay(number, &mut rng);
            if next > give_up {
                return Err(reason)
                    .with_context(|| format!("no success in {number} attempts within {:?}", self.patience));
            }
            self.sleep_until(next).await;
            if self.is_stopping() {
                return Err(reason).context("stopped between two attempts");
            }
            self.retries.set(self.retries.get() + 1);
            self.retry_reasons.borrow_mut().add(&reason.to_string());
            self.reconnect_if_moved(&clients).await;
        }
        anyhow::bail!("no success in any number of attempts")
    }

    /// Connects again if the system has moved to another URL. Else the clients and their open connections are kept. While
    /// the system starts it may have no URL yet.
    async fn reconnect_if_moved(&self, failed: &Rc<Clients>) {
        let is_current = Rc::ptr_eq(failed, &self.clients.borrow());
        let has_moved = self
            .connection
            .api_url()
            .await
            .is_ok_and(|url| url != failed.api.url(""));
        if is_current
            && has_moved
            && let Ok(clients) = Clients::open(self.connection).await
        {
            self.clients.replace(Rc::new(clients));
        }
    }
}
