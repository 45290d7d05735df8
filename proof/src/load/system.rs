//! The system under load, which may go away and come back elsewhere.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use stack_client::{Api, Connection, Resource};
use tokio::sync::watch;
use tokio::time::Instant;

use super::backoff;

/// How to reach the system, until an attempt fails; then where it is is looked up again.
#[derive(Debug)]
pub(super) struct System<'a> {
    connection: &'a Connection,
    patience: Duration,
    stop: watch::Receiver<bool>,
    clients: RefCell<Rc<Clients>>,
    retries: Cell<u64>,
}

/// Clients of one incarnation of the system.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) api: Api,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) orders_queue_url: String,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) orders_table: String,
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum Attempt<T> {
    /// It is decided.
    Done(T),
    /// The same may succeed later.
    Again(anyhow::Error),
}

impl Clients {
    async fn connect(connection: &Connection) -> anyhow::Result<Self> {
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
    /// A system that must be there now, and may be away for `patience` at a time later.
    pub(super) async fn find(
        connection: &'a Connection,
        patience: Duration,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let clients = RefCell::new(Rc::new(Clients::connect(connection).await?));
        Ok(Self {
            connection,
            patience,
            stop,
            clients,
            retries: Cell::new(0),
        })
    }

    /// Whether the user asked to stop.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Attempts that were not the first.
    pub(super) fn retries(&self) -> u64 {
        self.retries.get()
    }

    /// Returns after the time, or sooner if the user asks to stop.
    pub(super) async fn sleep_until(&self, moment: Instant) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep_until(moment) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Attempts something until it is decided. Gives up with the last reason when the patience is over or the user
    /// asks to stop.
    pub(super) async fn persist<T>(
        &self,
        mut attempt: impl AsyncFnMut(&Clients) -> Attempt<T>,
    ) -> anyhow::Result<T> {
        let give_up = Instant::now() + self.patience;
        let mut rng = fastrand::Rng::new();
        for number in 1.. {
            let clients = Rc::clone(&self.clients.borrow());
            let reason = match attempt(&clients).await {
                Attempt::Done(value) => return Ok(value),
                Attempt::Again(reason) => reason,
            };
            let next = Instant::now() + backoff::delay(number, &mut rng);
            if next > give_up {
                return Err(reason)
                    .with_context(|| format!("no success in {number} tries within {:?}", self.patience));
            }
            self.sleep_until(next).await;
            if self.is_stopping() {
                return Err(reason).context("stopped between two tries");
            }
            self.retries.set(self.retries.get() + 1);
            self.look_up_again(&clients).await;
        }
        anyhow::bail!("no success in any number of tries")
    }

    /// The same clients if the system is where it was: their open connections are of use. A system that is being
    /// started again may have no address yet.
    async fn look_up_again(&self, failed: &Rc<Clients>) {
        let is_current = Rc::ptr_eq(failed, &self.clients.borrow());
        let has_moved = self
            .connection
            .api_url()
            .await
            .is_ok_and(|url| url != failed.api.url(""));
        if is_current
            && has_moved
            && let Ok(clients) = Clients::connect(self.connection).await
        {
            self.clients.replace(Rc::new(clients));
        }
    }
}
