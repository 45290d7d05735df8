//! What happens in a simulated world.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything that decides how a run goes. Its JSON form replays the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Decides all chance.
    pub seed: u64,
    /// What is put on the queue.
    pub traffic: Traffic,
    /// How the functions are set up.
    pub setup: Setup,
    /// What goes wrong, until [`Faults::seconds`].
    pub faults: Faults,
    /// A service that is away for a while.
    pub outage: Option<Outage>,
    /// When somebody reads the emails.
    pub subscriber: Subscriber,
}

/// What is put on the queue of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Different orders.
    pub orders: u32,
    /// Further messages of the same orders, as a client's repeated request makes them.
    pub copies: u32,
    /// Messages of other orders under ids that are taken.
    pub conflicts: u32,
    /// Messages that no code can read.
    pub poison: u32,
    /// How many of the orders kill the process that inserts them.
    pub killers: u32,
    /// How many of the orders kill the process that tells of them.
    pub killers_of_notifier: u32,
    /// How many of the orders make the code panic, in turns when they are inserted and when they are published.
    pub panickers: u32,
    /// How many of the orders make the code of notifier panic, in turns when their row is read and when it is marked.
    pub panickers_of_notifier: u32,
    /// How many of the orders the table will never take. In turns it refuses their statement or the whole call.
    pub refused: u32,
    /// How many of the orders are as large as the API lets them be.
    pub large: u32,
    /// Events that come from elsewhere: unreadable ones, and ones without a row.
    pub stray_events: u32,
    /// The seconds over which all of that arrives.
    pub seconds: u32,
}

/// What [`Setup::idle_milliseconds`] usually is.
pub const IDLE_MILLISECONDS: u64 = 600;

/// How the functions and queues are set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The most messages of one batch of orders.
    pub orders_batch: u32,
    /// The most messages of one batch of notifications.
    pub notifications_batch: u32,
    /// Instances of order-worker. Of notifier there are always two.
    pub workers: u32,
    /// The receive that is a message's last.
    pub max_receives: u32,
    /// Seconds for which a received message is hidden.
    pub visibility: u32,
    /// Seconds that an invocation of order-worker may take.
    pub worker_timeout: u32,
    /// Seconds that an invocation of notifier may take, 14 at least: its adapters may need 11 to find out that nobody answers.
    pub notifier_timeout: u32,
    /// Up to so many orders of a batch have an email each.
    pub digest_threshold: u32,
    /// Whether messages are received in the order of their arrival.
    pub in_order: bool,
    /// The most milliseconds until an idle process is given what waits.
    pub idle_milliseconds: u64,
}

/// How often what goes wrong, in percent unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// For how many seconds from the beginning.
    pub seconds: u32,
    /// Calls that are refused and do nothing: throttles, server errors, missing permissions.
    pub refusals: u32,
    /// Entries of a batch call that are refused alone.
    pub entries: u32,
    /// Calls that have their effect and whose response is lost.
    pub lost: u32,
    /// Calls that are slow, from seconds to for ever.
    pub slow: u32,
    /// Calls that make the code panic.
    pub panics: u32,
    /// Deliveries that happen once more.
    pub duplicates: u32,
    /// How often, in a thousand steps of an invocation, its process dies.
    pub crashes: u32,
}

/// One service refuses every call for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Which.
    pub service: Service,
    /// From which second on.
    pub from: u32,
    /// For how many seconds.
    pub seconds: u32,
}

/// What can be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// The table of orders.
    Table,
    /// The topic of order events.
    Events,
    /// The topic of emails.
    Emails,
    /// All calls to queues; deliveries go on.
    Queues,
}

/// When the topic of emails has a confirmed subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subscriber {
    /// From the beginning.
    Always,
    /// From this second on.
    From(u32),
    /// Always but between these seconds.
    Not(u32, u32),
}

impl Plan {
    /// A calm day: nothing goes wrong, and the functions are set up as `template.yaml` sets them up.
    #[must_use]
    pub fn calm(seed: u64, orders: u32) -> Self {
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
                refused: 0,
                large: 0,
                stray_events: 0,
                seconds: 10,
            },
            setup: Setup {
                orders_batch: 10,
                notifications_batch: 100,
                workers: 2,
                max_receives: 12,
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
        }
    }

    /// Whether nothing but an outage of half an hour at most, and what lies in the messages themselves, can go wrong: then
    /// no message may run out of receives that could have succeeded.
    #[must_use]
    pub fn is_survivable(&self) -> bool {
        let away = match self.subscriber {
            Subscriber::Always => 0,
            Subscriber::From(second) => second,
            Subscriber::Not(from, until) => until.saturating_sub(from),
        };
        let outage = self.outage.as_ref().map_or(0, |outage| outage.seconds);
        self.faults == Faults::default()
            && away + outage <= 30 * 60
            && self.setup.max_receives >= 12
            && self.setup.visibility >= 210
            && self.setup.worker_timeout >= 30
            && self.setup.notifier_timeout >= 30
    }

    /// Whether nothing goes wrong but what lies in the messages themselves, as long as somebody reads the emails.
    #[must_use]
    pub fn is_without_faults(&self) -> bool {
        self.faults == Faults::default() && self.outage.is_none()
    }

    /// From when on nothing more goes wrong.
    #[must_use]
    pub fn faults_end(&self) -> Duration {
        Duration::from_secs(self.faults.seconds.into())
    }

    /// From when on the world is well for good.
    #[must_use]
    pub fn calm_from(&self) -> Duration {
        let outage = self
            .outage
            .as_ref()
            .map_or(0, |outage| outage.from + outage.seconds);
        let subscriber = match self.subscriber {
            Subscriber::Always => 0,
            Subscriber::From(second) => second,
            Subscriber::Not(from, until) => until.max(from),
        };
        self.faults_end()
            .max(Duration::from_secs(outage.max(subscriber).into()))
    }

    /// Whether `service` is away at `now`.
    #[must_use]
    pub fn is_away(&self, service: Service, now: Duration) -> bool {
        self.outage.as_ref().is_some_and(|outage| {
            let from = Duration::from_secs(outage.from.into());
            outage.service == service
                && (from..from + Duration::from_secs(outage.seconds.into())).contains(&now)
        })
    }
}
