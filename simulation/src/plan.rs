//! The plan of a run: the traffic, the settings and the faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything that determines a run. Its JSON form replays the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Seeds the random number generator.
    pub seed: u64,
    /// The messages that are sent.
    pub traffic: Traffic,
    /// How the functions and queues are set up.
    pub setup: Setup,
    /// The faults that occur until [`Faults::seconds`].
    pub faults: Faults,
    /// A service that fails every call for some time.
    pub outage: Option<Outage>,
    /// When the topic of emails has a confirmed subscriber.
    pub subscriber: Subscriber,
    /// A deploy of code that writes a new version of messages and events.
    #[serde(default)]
    pub deploy: Option<Deploy>,
}

/// A deploy during which old and new code run at the same time. The functions of a stack are updated in no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deploy {
    /// The second from which on new code may run.
    pub from: u32,
    /// The duration in seconds. Then no old code runs.
    pub seconds: u32,
}

/// The messages that are sent, nearly all to the queue of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Different orders.
    pub orders: u32,
    /// Further messages of the same orders, as a client's repeated request makes them.
    pub copies: u32,
    /// Messages of other orders under ids that are in use.
    pub conflicts: u32,
    /// Messages that no code can parse.
    pub poison: u32,
    /// How many of the orders kill the process of order-worker that inserts them.
    pub killers: u32,
    /// How many of the orders kill the process of notifier that reads their row.
    pub killers_of_notifier: u32,
    /// How many of the orders make order-worker panic, alternately when they are inserted and when they are published.
    pub panickers: u32,
    /// How many of the orders make notifier panic, alternately when their row is read and when it is marked.
    pub panickers_of_notifier: u32,
    /// How many of the orders the table never accepts. Alternately it rejects their statement or the whole call.
    #[serde(alias = "refused")]
    pub rejected: u32,
    /// How many of the orders have the largest size that the API accepts.
    pub large: u32,
    /// Events that order-worker did not publish: events that no code can parse, and events without a row.
    pub stray_events: u32,
    /// How many of the orders an operator erases: before they are stored, afterwards, or while a service works on them.
    #[serde(default)]
    pub erasures: u32,
    /// Messages that ask to cancel an order. Every fourth names an order that does not exist.
    #[serde(default)]
    pub cancellations: u32,
    /// The messages are sent within this many seconds.
    pub seconds: u32,
}

/// The usual value of [`Setup::idle_milliseconds`].
pub const IDLE_MILLISECONDS: u64 = 600;

/// How the functions and queues are set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The maximum number of messages in a batch of orders.
    pub orders_batch: u32,
    /// The maximum number of messages in a batch of notifications.
    pub notifications_batch: u32,
    /// The number of instances of order-worker. notifier always has two.
    pub workers: u32,
    /// `MaxReceiveCount`: the number of a message's last receive.
    pub max_receives: u32,
    /// `MaxRetrySeconds`: a message that fails after this time is dead-lettered.
    pub max_retry_seconds: u32,
    /// With so many messages in flight, a queue gives no more.
    pub max_in_flight: u32,
    /// The visibility timeout of both queues, in seconds.
    pub visibility: u32,
    /// The timeout of order-worker, in seconds.
    pub worker_timeout: u32,
    /// The timeout of notifier, in seconds, 14 at least: its adapters may need 11 seconds until their calls have timed out.
    pub notifier_timeout: u32,
    /// `DigestThreshold`: up to this many orders of a batch get an email each.
    pub digest_threshold: u32,
    /// Whether messages are received in the order of their arrival.
    pub in_order: bool,
    /// The maximum number of milliseconds until an idle process gets the messages that wait.
    pub idle_milliseconds: u64,
}

/// How often each fault occurs, in percent unless another unit is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// The faults occur for this many seconds from the beginning.
    pub seconds: u32,
    /// Calls that fail without an effect: throttling, server errors, missing permissions.
    #[serde(alias = "refusals")]
    pub errors: u32,
    /// Entries of a batch call that fail alone.
    pub entries: u32,
    /// Calls that have their effect and whose response is lost.
    pub lost: u32,
    /// Calls that are slow, from half a second to for ever.
    pub slow: u32,
    /// Calls that panic.
    pub panics: u32,
    /// Duplicate deliveries.
    pub duplicates: u32,
    /// How often the process dies, in a thousand steps of an invocation.
    pub crashes: u32,
}

/// One service fails every call for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The service.
    pub service: Service,
    /// The second in which the outage begins.
    pub from: u32,
    /// The duration in seconds.
    pub seconds: u32,
}

impl Outage {
    /// The error codes of calls to the service. A missing permission is none of them: no batch waits for it.
    pub(crate) const ERRORS: [&str; 4] = [
        "ThrottlingException",
        "InternalServerError",
        "ServiceUnavailable",
        "RequestLimitExceeded",
    ];
}

/// A service that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Service {
    /// The table of orders.
    Table,
    /// The topic of order events.
    Events,
    /// The topic of emails.
    Emails,
    /// All calls to queues. Event source mappings still receive messages.
    Queues,
}

/// When the topic of emails has a confirmed subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subscriber {
    /// From the beginning.
    Always,
    /// From this second on.
    From(u32),
    /// Always, except between these two seconds.
    Not(u32, u32),
}

impl Plan {
    /// A plan without faults. The functions are set up as in `template.yaml`.
    #[must_use]
    pub fn without_faults(seed: u64, orders: u32) -> Self {
        Self {
            seed,
            traffic: Traffic {
                orders,
                copies: 0,
                conflicts: 0,
                poison: 0,
                killers: 0,
                killers_of_notifier: 0,
                panickers: 0,
                panickers_of_notifier: 0,
                rejected: 0,
                large: 0,
                stray_events: 0,
                erasures: 0,
                cancellations: 0,
                seconds: 10,
            },
            setup: Setup {
                orders_batch: 10,
                notifications_batch: 100,
                workers: 2,
                max_receives: 12,
                max_retry_seconds: 24 * 60 * 60,
                max_in_flight: 120_000,
                visibility: 210,
                worker_timeout: 30,
                notifier_timeout: 30,
                digest_threshold: 10,
                in_order: true,
                idle_milliseconds: IDLE_MILLISECONDS,
            },
            faults: Faults::default(),
            outage: None,
            subscriber: Subscriber::Always,
            deploy: None,
        }
    }

    /// Whether every message that can succeed must succeed within its receives: there are no faults except the messages
    /// themselves, outages and a deploy of half an hour at most, and the setup allows as many receives as the template.
    #[must_use]
    pub fn is_survivable(&self) -> bool {
        let without_reader = match self.subscriber {
            Subscriber::Always => 0,
            Subscriber::From(second) => second,
            Subscriber::Not(from, until) => until.saturating_sub(from),
        };
        let outage = self.outage.as_ref().map_or(0, |outage| outage.seconds);
        self.faults == Faults::default()
            && without_reader + outage + self.deploy.as_ref().map_or(0, |deploy| deploy.seconds) <= 30 * 60
            && self.setup.max_receives >= 12
            && self.setup.max_retry_seconds >= 60 * 60
            && self.setup.visibility >= 210
            && self.setup.worker_timeout >= 30
            && self.setup.notifier_timeout >= 30
    }

    /// Whether there are no faults except the messages themselves and a missing subscriber.
    #[must_use]
    pub fn has_no_faults(&self) -> bool {
        self.faults == Faults::default() && self.outage.is_none() && self.deploy.is_none()
    }

    /// When [`Plan::faults`] end.
    #[must_use]
    pub fn faults_end(&self) -> Duration {
        Duration::from_secs(self.faults.seconds.into())
    }

    /// When the last fault, outage or missing subscriber has ended.
    #[must_use]
    pub fn all_faults_end(&self) -> Duration {
        let outage = self
            .outage
            .as_ref()
            .map_or(0, |outage| outage.from + outage.seconds);
        let subscriber = match self.subscriber {
            Subscriber::Always => 0,
            Subscriber::From(second) => second,
            Subscriber::Not(from, until) => until.max(from),
        };
        let deploy = self
            .deploy
            .as_ref()
            .map_or(0, |deploy| deploy.from + deploy.seconds);
        self.faults_end()
            .max(Duration::from_secs(outage.max(subscriber).max(deploy).into()))
    }

    /// Whether `service` fails every call at `now`.
    #[must_use]
    pub fn is_down(&self, service: Service, now: Duration) -> bool {
        self.outage.as_ref().is_some_and(|outage| {
            let from = Duration::from_secs(outage.from.into());
            outage.service == service
                && (from..from + Duration::from_secs(outage.seconds.into())).contains(&now)
        })
    }
}
