//! The rules of claims, on every schedule: requests under one key run at once, step by step in any order, and their calls fail before
//! or after they took effect. Each call is a step of its own, like the process that makes it.

use std::cell::Cell;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use order_core::{CancellationMessage, Order, OrderId, OrderMessage, Trace};
use order_table::{Claim, Stored};
use proptest::prelude::*;

use super::*;
use crate::ports::{Acceptance, Claimed, CustomerQuery, Page, QueueError, TableError, Unstored};

/// The fate of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Works,
    FailsBefore,
    /// It takes effect, and its answer is lost.
    FailsAfter,
}

/// One request, and the fates of its calls, in their order. Further calls work.
#[derive(Debug, Clone)]
struct Plan {
    is_other_order: bool,
    fates: Vec<Fate>,
}

#[derive(Debug, Default)]
struct World {
    claims: HashMap<OrderId, Claim>,
    queue: Vec<OrderMessage>,
    /// Whether a call about a claim failed: then nobody promises more than that each accepted order is in the queue.
    claim_failed: bool,
    /// Whether a release was not taken back: then the order looks unaccepted until it is stored.
    resume_failed: bool,
}

/// The ports of one request.
#[derive(Clone)]
struct Ports {
    world: Arc<Mutex<World>>,
    fates: Arc<Mutex<std::vec::IntoIter<Fate>>>,
}

impl Ports {
    /// Lets the other requests run before the call and before its answer.
    async fn call<T>(&self, effect: impl FnOnce(&mut World) -> T) -> Option<T> {
        let fate = self.fates.lock().unwrap().next().unwrap_or(Fate::Works);
        tokio::task::yield_now().await;
        if fate == Fate::FailsBefore {
            return None;
        }
        let answer = effect(&mut self.world.lock().unwrap());
        tokio::task::yield_now().await;
        (fate == Fate::Works).then_some(answer)
    }
}

fn away() -> TableError {
    TableError::Unavailable("away".to_owned())
}

impl OrderQueue for Ports {
    async fn send(&self, message: &OrderMessage, _: Option<Trace>) -> Result<(), QueueError> {
        let sent = self.call(|world| world.queue.push(message.clone())).await;
        sent.ok_or_else(|| QueueError("away".to_owned()))
    }

    async fn send_cancellation(
        &self,
        _: &CancellationMessage,
        _: Option<&Order>,
        _: Option<Trace>,
    ) -> Result<(), QueueError> {
        Ok(())
    }

    async fn send_all(&self, _: &[OrderMessage], _: Option<Trace>) -> Vec<Result<(), QueueError>> {
        Vec::new()
    }
}

/// Nothing is stored yet: the worker waits.
impl OrderTable for Ports {
    async fn order(&self, _: OrderId) -> Result<Option<Stored>, TableError> {
        Ok(None)
    }

    async fn acceptance(&self, _: OrderId) -> Result<Option<Acceptance>, TableError> {
        self.call(|_| None).await.ok_or_else(away)
    }

    async fn acceptances(&self, _: &[OrderId]) -> Result<HashMap<OrderId, Acceptance>, TableError> {
        Ok(HashMap::new())
    }

    async fn by_customer(&self, _: &CustomerQuery) -> Result<Page, TableError> {
        Err(away())
    }
}

impl ClaimTable for Ports {
    async fn claim(&self, claims: &[Claim]) -> Vec<Result<Claimed, TableError>> {
        let claim = &claims[0];
        let answer = self.call(|world| {
            if let Some(before) = world.claims.get(&claim.order_id) {
                Claimed::Before(before.clone())
            } else {
                world.claims.insert(claim.order_id, claim.clone());
                Claimed::First
            }
        });
        let answer = answer.await;
        if answer.is_none() {
            self.world.lock().unwrap().claim_failed = true;
        }
        vec![answer.ok_or_else(away)]
    }

    async fn release(&self, ids: &[OrderId], now: Timestamp) -> Result<(), TableError> {
        let released = self.call(|world| {
            if let Some(claim) = world.claims.get_mut(&ids[0]) {
                claim.released_at = Some(now);
            }
        });
        released.await.ok_or_else(away)
    }

    async fn resume(&self, ids: &[OrderId]) -> Result<(), TableError> {
        let resumed = self.call(|world| {
            if let Some(claim) = world.claims.get_mut(&ids[0]) {
                claim.released_at = None;
            }
        });
        let resumed = resumed.await;
        if resumed.is_none() {
            self.world.lock().unwrap().resume_failed = true;
        }
        resumed.ok_or_else(away)
    }

    async fn unstored(&self, id: OrderId) -> Result<Unstored, TableError> {
        let unstored = self.call(|world| Unstored {
            claim: world.claims.get(&id).cloned(),
            failure: None,
        });
        unstored.await.ok_or_else(away)
    }
}

thread_local! {
    /// The time in seconds. Each request begins a second after the one before it.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

fn now() -> time::OffsetDateTime {
    let start: Timestamp = "2026-11-23T09:30:00.000Z".parse().unwrap();
    start.as_offset_date_time() + Duration::from_secs(NOW.get())
}

fn api_of(ports: &Ports) -> OrderApi<Ports, Ports, Ports> {
    OrderApi {
        queue: ports.clone(),
        table: ports.clone(),
        claims: ports.clone(),
        settings: Settings {
            key_lookup_time: Duration::from_hours(1),
            ..Settings::new(AllowedOrigins::These(Vec::new()))
        },
        now,
        new_id: || Uuid::nil(),
    }
}

fn request(ports: &Ports, is_other_order: bool) -> impl Future<Output = ApiGatewayProxyResponse> + use<> {
    let api = api_of(ports);
    let other = json!({"/body": include_str!("../../../../events/order-minimal.json")});
    let event = post(&if is_other_order { other } else { json!({}) });
    async move { api.handle(&event.to_string(), Duration::from_hours(1)).await }
}

type Running = Pin<Box<dyn Future<Output = ApiGatewayProxyResponse>>>;

/// Runs the requests step by step, in the order of `schedule`, and then to their ends. Returns their answers.
async fn run(world: &Arc<Mutex<World>>, plans: &[Plan], schedule: &[usize]) -> Vec<ApiGatewayProxyResponse> {
    let mut running: Vec<Option<Running>> = plans.iter().map(|_| None).collect();
    let mut answers: Vec<Option<ApiGatewayProxyResponse>> = plans.iter().map(|_| None).collect();
    let to_the_end = (0..).map(|step| step % plans.len());
    for index in schedule.iter().map(|step| step % plans.len()).chain(to_the_end) {
        if answers.iter().all(Option::is_some) {
            break;
        }
        if answers[index].is_some() {
            continue;
        }
        let request = running[index].get_or_insert_with(|| {
            NOW.set(NOW.get() + 1);
            let ports = Ports {
                world: Arc::clone(world),
                fates: Arc::new(Mutex::new(plans[index].fates.clone().into_iter())),
            };
            Box::pin(request(&ports, plans[index].is_other_order))
        });
        let step = std::future::poll_fn(|context| Poll::Ready(request.as_mut().poll(context)));
        if let Poll::Ready(answer) = step.await {
            answers[index] = Some(answer);
        }
    }
    answers.into_iter().map(Option::unwrap).collect()
}

/// Checks the rules for one schedule.
async fn check(plans: &[Plan], schedule: &[usize]) {
    NOW.set(0);
    let world = Arc::new(Mutex::new(World::default()));
    let answers = run(&world, plans, schedule).await;
    let accepted: Vec<(bool, Value)> = plans
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.status_code == 202)
        .map(|(plan, answer)| (plan.is_other_order, serde_json::from_str(body(answer)).unwrap()))
        .collect();
    let (queue, claim_failed, resume_failed) = {
        let world = world.lock().unwrap();
        (world.queue.clone(), world.claim_failed, world.resume_failed)
    };
    // Rule 1: an order that was accepted is in the queue, as it was accepted.
    for (_, receipt) in &accepted {
        let is_receipt = |message: &OrderMessage| {
            receipt["accepted_at"] == json!(message.accepted_at)
                && receipt["total"] == json!(message.order.total().decimal())
        };
        assert!(queue.iter().any(is_receipt), "{receipt} is not in the queue");
    }
    if claim_failed {
        return;
    }
    // Rule 2: one key is one order, and its answer is the same to the byte.
    for pair in accepted.windows(2) {
        assert_eq!(pair[0], pair[1]);
    }
    let fingerprints: std::collections::BTreeSet<String> = queue
        .iter()
        .map(|message| message.fingerprint.to_string())
        .collect();
    assert!(
        fingerprints.len() <= 1,
        "two orders in the queue: {fingerprints:?}"
    );
    let works = Ports {
        world: Arc::clone(&world),
        fates: Arc::new(Mutex::new(Vec::new().into_iter())),
    };
    // Rule 3: an accepted order can be read as accepted.
    if let Some((_, receipt)) = accepted.first()
        && !resume_failed
    {
        let path = format!("/orders/{}", receipt["order_id"].as_str().unwrap());
        let read = api_of(&works)
            .handle(
                &get(&json!({ "/path": path })).to_string(),
                Duration::from_hours(1),
            )
            .await;
        let order: Value = serde_json::from_str(body(&read)).unwrap();
        assert_eq!(
            (read.status_code, &order["status"], &order["accepted_at"]),
            (202, &json!("accepted"), &receipt["accepted_at"])
        );
    }
    // Rule 4: the key heals. After the time of doubt the claimed order is accepted, and the other one is refused.
    NOW.set(NOW.get() + 10);
    let claimed = world.lock().unwrap().claims.values().next().unwrap().clone();
    let statuses = [
        request(&works, false).await.status_code,
        request(&works, true).await.status_code,
    ];
    let is_other = !claimed.fingerprint.matches(&sample_order());
    assert_eq!(statuses, if is_other { [422, 202] } else { [202, 422] });
}

fn sample_order() -> order_core::Order {
    let sample = serde_json::from_str(include_str!("../../../../events/order.json")).unwrap();
    order_core::Order::restore(&sample).unwrap()
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let fate = prop_oneof![4 => Just(Fate::Works), 1 => Just(Fate::FailsBefore), 1 => Just(Fate::FailsAfter)];
    let plan = (proptest::bool::weighted(0.3), prop::collection::vec(fate, 0..4)).prop_map(
        |(is_other_order, fates)| Plan {
            is_other_order,
            fates,
        },
    );
    prop::collection::vec(plan, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn claims_keep_their_rules_on_every_schedule(
        plans in plans(),
        schedule in prop::collection::vec(0_usize..12, 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(check(&plans, &schedule));
    }
}
