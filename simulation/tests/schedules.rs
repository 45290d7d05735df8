//! Thousands of schedules, each from a plan that proptest draws.
//!
//! `SIMULATION_CASES` sets their number. `SIMULATION_SEED` draws other plans than the usual ones. A plan that fails is
//! shrunk and printed with the command that replays it:
//!
//! ```sh
//! SIMULATION_PLAN='{"seed":7,...}' cargo test -p simulation --test schedules replay -- --nocapture
//! ```

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use simulation::plan::{
    Deploy, Faults, IDLE_MILLISECONDS, Outage, Plan, Service, Setup, Subscriber, Traffic,
};

/// The number of plans that `cargo test` plays.
const CASES: u32 = 150;

fn any_traffic() -> impl Strategy<Value = Traffic> {
    // A plan with large orders takes long to play.
    let large = prop_oneof![49 => Just(0), 1 => 5..=7_u32];
    let special = (0..=1_u32, 0..=1_u32, 0..=2_u32, 0..=2_u32, 0..=2_u32, large);
    let erasures = prop_oneof![2 => Just(0), 1 => 1..=4_u32];
    let cancellations = prop_oneof![1 => Just(0), 2 => 1..=8_u32];
    let asked = (erasures, cancellations);
    let count = (1..=24_u32, 0..=6_u32, 0..=3_u32, 0..=5_u32, 0..=4_u32, asked);
    (count, special, 0..=30_u32).prop_map(
        |(
            (orders, copies, conflicts, poison, stray_events, (erasures, cancellations)),
            (killers, killers_of_notifier, panickers, panickers_of_notifier, rejected, large),
            seconds,
        )| {
            Traffic {
                orders: orders
                    + killers
                    + killers_of_notifier
                    + panickers
                    + panickers_of_notifier
                    + rejected
                    + large,
                copies,
                conflicts,
                poison,
                killers,
                killers_of_notifier,
                panickers,
                panickers_of_notifier,
                rejected,
                large,
                stray_events,
                erasures,
                cancellations,
                seconds,
            }
        },
    )
}

fn any_setup() -> impl Strategy<Value = Setup> {
    (
        prop_oneof![Just(10), 1..=40_u32],
        1..=50_u32,
        1..=3_u32,
        prop_oneof![3 => Just(12), 1 => 3..=6_u32],
        prop_oneof![3 => Just(210), 1 => 8..=40_u32],
        prop_oneof![3 => Just((30, 30)), 1 => (5..=12_u32, 14..=18_u32)],
        1..=20_u32,
        any::<bool>(),
        (
            prop_oneof![1 => Just(24 * 60 * 60), 9 => 60..=5400_u32],
            prop_oneof![1 => Just(120_000), 1 => 5..=50_u32],
        ),
    )
        .prop_map(
            |(
                orders_batch,
                notifications_batch,
                workers,
                max_receives,
                visibility,
                (worker_timeout, notifier_timeout),
                digest_threshold,
                in_order,
                (max_retry_seconds, max_in_flight),
            )| Setup {
                orders_batch,
                notifications_batch,
                workers,
                max_receives,
                max_retry_seconds,
                max_in_flight,
                visibility,
                worker_timeout,
                notifier_timeout,
                digest_threshold,
                in_order,
                idle_milliseconds: IDLE_MILLISECONDS,
            },
        )
}

fn any_faults() -> impl Strategy<Value = Faults> {
    let up_to = |max: u32| prop_oneof![Just(0), 0..=max];
    let some_faults = (
        prop_oneof![30..=600_u32, 600..=1800_u32],
        up_to(40),
        up_to(30),
        up_to(25),
        up_to(25),
        up_to(5),
        up_to(30),
        up_to(40),
    )
        .prop_map(
            |(seconds, errors, entries, lost, slow, panics, duplicates, crashes)| Faults {
                seconds,
                errors,
                entries,
                lost,
                slow,
                panics,
                duplicates,
                crashes,
            },
        );
    prop_oneof![1 => Just(Faults::default()), 4 => some_faults]
}

fn any_outage() -> impl Strategy<Value = Option<Outage>> {
    let service = prop_oneof![
        Just(Service::Table),
        Just(Service::Events),
        Just(Service::Emails),
        Just(Service::Queues),
    ];
    let outage = (service, 0..=20_u32, 10..=1790_u32).prop_map(|(service, from, seconds)| Outage {
        service,
        from,
        seconds,
    });
    proptest::option::weighted(0.3, outage)
}

fn any_subscriber() -> impl Strategy<Value = Subscriber> {
    prop_oneof![
        4 => Just(Subscriber::Always),
        1 => (1..=1500_u32).prop_map(Subscriber::From),
        1 => (1..=60_u32, 1..=1500_u32).prop_map(|(from, length)| Subscriber::Not(from, from + length)),
    ]
}

fn any_deploy() -> impl Strategy<Value = Option<Deploy>> {
    let deploy = (0..=20_u32, 0..=600_u32).prop_map(|(from, seconds)| Deploy { from, seconds });
    proptest::option::weighted(0.3, deploy)
}

/// Plans in which every fault may occur.
fn plan_with_faults() -> impl Strategy<Value = Plan> {
    (
        any::<u64>(),
        any_traffic(),
        any_setup(),
        any_faults(),
        any_outage(),
        any_subscriber(),
        any_deploy(),
    )
        .prop_map(
            |(seed, traffic, setup, faults, outage, subscriber, deploy)| Plan {
                seed,
                traffic,
                setup,
                faults,
                outage,
                subscriber,
                deploy,
            },
        )
}

/// Plans without faults, with orders that kill, panic or are rejected among sound ones.
fn plan_with_bad_orders() -> impl Strategy<Value = Plan> {
    let bad = (1..=2_u32, 0..=2_u32, 0..=2_u32, 0..=2_u32);
    (
        any::<u64>(),
        1..=20_u32,
        bad,
        0..=3_u32,
        1..=3_u32,
        10..=25_u32,
        any::<bool>(),
    )
        .prop_map(|(seed, sound, bad, seconds, workers, orders_batch, in_order)| {
            let (killers, panickers, panickers_of_notifier, rejected) = bad;
            let bad = killers + panickers + panickers_of_notifier + rejected;
            let mut plan = Plan::without_faults(seed, sound + bad);
            plan.traffic.killers = killers;
            plan.traffic.panickers = panickers;
            plan.traffic.panickers_of_notifier = panickers_of_notifier;
            plan.traffic.rejected = rejected;
            plan.traffic.seconds = seconds;
            plan.setup.workers = workers;
            plan.setup.orders_batch = orders_batch;
            plan.setup.in_order = in_order;
            // The orders that always fail then end soon.
            plan.setup.max_retry_seconds = 60 * 60;
            plan
        })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    prop_oneof![5 => plan_with_faults(), 1 => plan_with_bad_orders()]
}

/// Plays a plan, and lists the violations. A panic of the simulation itself is one, too.
fn find_violations(plan: &Plan) -> Vec<String> {
    match std::panic::catch_unwind(|| simulation::run(plan, false)) {
        Ok(report) => report.violations.iter().map(ToString::to_string).collect(),
        Err(_) => vec!["the simulation panicked".to_owned()],
    }
}

/// Describes a plan that breaks rules.
fn describe(plan: &Plan) -> String {
    let json = serde_json::json!(plan);
    let violations = find_violations(plan).join("\n  ");
    format!(
        "rules are broken:\n  {violations}\nReplay it step by step:\n  SIMULATION_PLAN='{json}' cargo test -p simulation --test schedules replay -- --nocapture\n"
    )
}

/// Reads a number from the environment.
fn read_number<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// Makes the generator of plans. Every run draws the same plans, so that only a change of the code can make one fail.
/// `SIMULATION_SEED` selects other plans.
fn make_rng() -> TestRng {
    match read_number::<u64>("SIMULATION_SEED") {
        None => TestRng::deterministic_rng(RngAlgorithm::ChaCha),
        Some(seed) => {
            println!("the plans of SIMULATION_SEED={seed}");
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_le_bytes());
            TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
        }
    }
}

#[test]
fn every_rule_holds_on_every_schedule() {
    let cases = read_number("SIMULATION_CASES").unwrap_or(CASES);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new_with_rng(config, make_rng()).run(&any_plan(), |plan| {
        let violations = find_violations(&plan);
        if violations.is_empty() {
            Ok(())
        } else {
            Err(TestCaseError::fail(violations.join("\n")))
        }
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(_, plan)) => panic!("{}", describe(&plan)),
        Err(TestError::Abort(reason)) => panic!("no plans: {reason}"),
    }
}

#[test]
fn a_printed_plan_breaks_the_same_rules_again() {
    let mut plan = Plan::without_faults(1, 3);
    plan.faults.seconds = 60;
    plan.faults.slow = 100;
    // With a timeout of 0 seconds the function always reaches its deadline.
    plan.setup.worker_timeout = 0;
    let described = describe(&plan);
    let (broken, command) = described
        .split_once("Replay it step by step")
        .expect("both parts");
    let (_, json) = command.split_once("SIMULATION_PLAN='").expect("a plan");
    let (json, _) = json.split_once("' cargo test -p simulation").expect("a command");
    let read: Plan = serde_json::from_str(json).expect("a plan in JSON");
    assert_eq!(read, plan);
    let again = find_violations(&read);
    assert!(!again.is_empty());
    assert!(
        again.iter().all(|violation| broken.contains(violation)),
        "{broken}"
    );
}

/// Plays the plan of `SIMULATION_PLAN`, and prints each step. Without that variable it plays a plan without faults.
#[test]
fn replay() {
    let plan = std::env::var("SIMULATION_PLAN").map_or_else(
        |_| Plan::without_faults(1, 3),
        |json| serde_json::from_str(&json).expect("SIMULATION_PLAN is a plan in JSON"),
    );
    let report = simulation::run(&plan, true);
    for line in &report.trace {
        println!("{line}");
    }
    let violations = report.describe_violations();
    assert!(violations.is_empty(), "{violations}");
}
