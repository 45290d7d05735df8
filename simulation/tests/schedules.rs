//! Thousands of schedules, each from a plan that proptest draws.
//!
//! `SIMULATION_CASES` sets how many. A failing plan is shrunk and printed with the command that replays it:
//!
//! ```sh
//! SIMULATION_PLAN='{"seed":7,...}' cargo test -p simulation --test schedules replay -- --nocapture
//! ```

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use simulation::plan::{Faults, Outage, Plan, Service, Setup, Subscriber, Traffic};

/// Of `cargo test`.
const CASES: u32 = 300;

fn traffic() -> impl Strategy<Value = Traffic> {
    let special = (0..=1_u32, 0..=2_u32, 0..=2_u32);
    let count = (1..=24_u32, 0..=6_u32, 0..=3_u32, 0..=5_u32, 0..=4_u32);
    (count, special, 0..=30_u32).prop_map(
        |((orders, copies, conflicts, poison, stray_events), (killers, panickers, refused), seconds)| {
            Traffic {
                orders: orders + killers + panickers + refused,
                copies,
                conflicts,
                poison,
                killers,
                panickers,
                refused,
                stray_events,
                seconds,
            }
        },
    )
}

fn setup() -> impl Strategy<Value = Setup> {
    (
        prop_oneof![Just(10), 1..=40_u32],
        1..=50_u32,
        1..=3_u32,
        prop_oneof![3 => Just(12), 1 => 3..=6_u32],
        prop_oneof![3 => Just(210), 1 => 8..=40_u32],
        prop_oneof![3 => Just((30, 30)), 1 => (5..=12_u32, 14..=18_u32)],
        1..=20_u32,
        any::<bool>(),
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
            )| Setup {
                orders_batch,
                notifications_batch,
                workers,
                max_receives,
                visibility,
                worker_timeout,
                notifier_timeout,
                digest_threshold,
                in_order,
            },
        )
}

fn faults() -> impl Strategy<Value = Faults> {
    let often = |most: u32| prop_oneof![Just(0), 0..=most];
    let stormy = (
        prop_oneof![30..=600_u32, 600..=1800_u32],
        often(40),
        often(30),
        often(25),
        often(25),
        often(5),
        often(30),
        often(40),
    )
        .prop_map(
            |(seconds, refusals, entries, lost, slow, panics, duplicates, crashes)| Faults {
                seconds,
                refusals,
                entries,
                lost,
                slow,
                panics,
                duplicates,
                crashes,
            },
        );
    prop_oneof![1 => Just(Faults::default()), 4 => stormy]
}

fn outage() -> impl Strategy<Value = Option<Outage>> {
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

fn subscriber() -> impl Strategy<Value = Subscriber> {
    prop_oneof![
        4 => Just(Subscriber::Always),
        1 => (1..=1500_u32).prop_map(Subscriber::From),
        1 => (1..=60_u32, 1..=1500_u32).prop_map(|(from, length)| Subscriber::Not(from, from + length)),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (any::<u64>(), traffic(), setup(), faults(), outage(), subscriber()).prop_map(
        |(seed, traffic, setup, faults, outage, subscriber)| Plan {
            seed,
            traffic,
            setup,
            faults,
            outage,
            subscriber,
        },
    )
}

fn violations(plan: &Plan) -> Vec<String> {
    let report = simulation::run(plan, false);
    report.violations.iter().map(ToString::to_string).collect()
}

#[test]
fn every_rule_holds_on_every_schedule() {
    let cases = std::env::var("SIMULATION_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(CASES);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    // The same plans on every run: what fails here was changed here.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, rng).run(&plan(), |plan| {
        let violations = violations(&plan);
        if violations.is_empty() {
            Ok(())
        } else {
            Err(TestCaseError::fail(violations.join("\n")))
        }
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(_, plan)) => {
            let json = serde_json::to_string(&plan).expect("a plan is JSON");
            let violations = violations(&plan).join("\n  ");
            panic!(
                "rules are broken:\n  {violations}\nSee it step by step:\n  SIMULATION_PLAN='{json}' cargo test -p simulation --test schedules replay -- --nocapture\n"
            );
        }
        Err(TestError::Abort(reason)) => panic!("no plans: {reason}"),
    }
}

/// Plays the plan of `SIMULATION_PLAN` step by step; without one, a calm day.
#[test]
fn replay() {
    let plan = std::env::var("SIMULATION_PLAN").map_or_else(
        |_| Plan::calm(1, 3),
        |json| serde_json::from_str(&json).expect("SIMULATION_PLAN is a plan in JSON"),
    );
    let report = simulation::run(&plan, true);
    for line in &report.trace {
        println!("{line}");
    }
    let violations: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
