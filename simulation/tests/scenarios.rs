//! Single plans, each with a fault that is worth a test of its own.

use simulation::plan::{Deploy, Faults, Outage, Plan, Service, Subscriber};
use simulation::{Report, run};

/// Plays a plan in which every rule has to hold.
fn play(plan: &Plan) -> Report {
    let report = run(plan, false);
    let violations = report.describe_violations();
    assert!(
        violations.is_empty(),
        "rules are broken:\n  {violations}\n{plan:?}"
    );
    report
}

/// Plays a plan with messages in order of arrival, and in random order. Each time it must end with so many rows, after so
/// many dead letters that the replay completed.
fn play_in_any_order(mut plan: Plan, rows: usize, dead_letters: usize) {
    for in_order in [true, false] {
        plan.setup.in_order = in_order;
        let report = play(&plan);
        assert_eq!(
            (report.rows, report.dead_letters),
            (rows, dead_letters),
            "in order: {in_order}"
        );
    }
}

#[test]
fn without_faults_every_order_has_a_row_and_is_notified_once() {
    let report = play(&Plan::without_faults(1, 40));
    assert_eq!((report.rows, report.dead_letters), (40, 0));
    assert!((1..=40).contains(&report.emails));
}

#[test]
fn half_an_hour_without_any_one_service_leaves_no_dead_letter() {
    for service in [Service::Table, Service::Events, Service::Emails, Service::Queues] {
        let mut plan = Plan::without_faults(2, 40);
        plan.outage = Some(Outage {
            service,
            from: 0,
            seconds: 30 * 60,
        });
        let report = play(&plan);
        assert_eq!((report.rows, report.dead_letters), (40, 0), "{service:?}");
    }
}

#[test]
fn a_service_that_is_away_has_one_call_of_each_instance_in_flight() {
    // Each batch needs several calls of each kind.
    for service in [Service::Table, Service::Events, Service::Emails] {
        let mut plan = Plan::without_faults(13, 120);
        plan.traffic.seconds = 0;
        plan.setup.orders_batch = 60;
        plan.setup.notifications_batch = 120;
        plan.outage = Some(Outage {
            service,
            from: 0,
            seconds: 10 * 60,
        });
        // The rule `ServiceAway` counts the calls.
        let report = play(&plan);
        assert_eq!((report.rows, report.dead_letters), (120, 0), "{service:?}");
    }
}

#[test]
fn old_code_leaves_what_new_code_sends_to_new_code() {
    for seed in 0..10 {
        let mut plan = Plan::without_faults(seed, 40);
        plan.traffic.seconds = 120;
        plan.deploy = Some(Deploy {
            from: 20,
            seconds: 20 * 60,
        });
        let report = play(&plan);
        assert_eq!((report.rows, report.dead_letters), (40, 0), "seed {seed}");
    }
}

#[test]
fn half_an_hour_without_a_subscriber_leaves_no_dead_letter() {
    let mut plan = Plan::without_faults(3, 40);
    plan.subscriber = Subscriber::From(30 * 60);
    let report = play(&plan);
    assert_eq!((report.rows, report.dead_letters), (40, 0));
    assert!(report.emails > 0);
}

#[test]
fn a_record_that_kills_its_process_goes_to_the_dead_letters_alone() {
    let mut plan = Plan::without_faults(4, 20);
    plan.traffic.killers = 2;
    plan.traffic.seconds = 0;
    // The replay, after the repair, stores these two orders too.
    play_in_any_order(plan, 20, 2);
}

#[test]
fn large_orders_keep_the_limits_of_every_call() {
    let mut plan = Plan::without_faults(9, 12);
    plan.traffic.large = 10;
    plan.traffic.conflicts = 2;
    plan.traffic.seconds = 0;
    plan.setup.orders_batch = 20;
    let report = play(&plan);
    assert_eq!((report.rows, report.dead_letters), (12, 2));
}

#[test]
fn a_record_that_kills_notifiers_process_goes_to_the_dead_letters_alone() {
    for (orders, killers) in [(20, 1), (100, 1), (100, 3)] {
        let mut plan = Plan::without_faults(9, orders);
        plan.traffic.killers_of_notifier = killers;
        plan.traffic.seconds = 0;
        plan.setup.orders_batch = 100;
        play_in_any_order(plan, orders as usize, killers as usize);
    }
}

#[test]
fn an_order_that_makes_notifier_panic_goes_to_the_dead_letters_alone() {
    let mut plan = Plan::without_faults(11, 40);
    plan.traffic.panickers_of_notifier = 2;
    plan.traffic.seconds = 0;
    plan.setup.orders_batch = 40;
    // A rule demands that no other order is reported as failed even once.
    play_in_any_order(plan, 40, 2);
}

#[test]
fn panics_of_any_call_neither_throw_a_batch_nor_lose_a_message() {
    let mut plan = Plan::without_faults(12, 60);
    plan.traffic.poison = 4;
    plan.traffic.stray_events = 6;
    plan.faults.panics = 30;
    plan.faults.seconds = 600;
    assert_eq!(play(&plan).rows, 60);
}

/// Every kind of failure, in the first five minutes.
const MANY_FAULTS: Faults = Faults {
    seconds: 300,
    errors: 20,
    entries: 15,
    lost: 15,
    slow: 10,
    panics: 3,
    duplicates: 20,
    crashes: 20,
};

#[test]
fn an_erased_order_is_never_back_whenever_it_is_erased() {
    for seed in 0..20 {
        let mut plan = Plan::without_faults(seed, 40);
        plan.traffic.copies = 20;
        plan.traffic.conflicts = 4;
        plan.traffic.erasures = 20;
        plan.traffic.seconds = 60;
        // The replay of the dead letters that are left, such as conflicts, brings none back either.
        let report = play(&plan);
        assert_eq!(report.rows, 40, "seed {seed}");
        plan.faults = MANY_FAULTS;
        assert_eq!(play(&plan).rows, 40, "seed {seed}");
    }
}

#[test]
fn a_cancelled_order_stays_cancelled_whenever_it_is_cancelled() {
    for seed in 0..5 {
        let mut plan = Plan::without_faults(seed, 40);
        plan.traffic.copies = 20;
        plan.traffic.conflicts = 4;
        plan.traffic.cancellations = 20;
        plan.traffic.erasures = 3;
        plan.traffic.seconds = 60;
        plan.setup.max_retry_seconds = 2 * 60 * 60;
        // Every fourth names an order that does not exist, and is the dead letter that is left.
        let report = play(&plan);
        assert_eq!(report.rows, 40, "seed {seed}");
        assert!(report.dead_letters >= 5, "{}", report.dead_letters);
        plan.faults = MANY_FAULTS;
        assert_eq!(play(&plan).rows, 40, "seed {seed}");
    }
}

#[test]
fn two_busy_instances_keep_the_email_rate() {
    let mut plan = Plan::without_faults(5, 120);
    plan.traffic.seconds = 5;
    plan.setup.digest_threshold = 120;
    let report = play(&plan);
    assert_eq!(report.emails, 120);
    assert!(report.duration.as_secs() >= 120 / 8);
}

#[test]
fn many_short_invocations_keep_the_email_rate_together() {
    let mut plan = Plan::without_faults(11, 80);
    plan.traffic.seconds = 2;
    // Each invocation sends one email. Only its wait before that email separates it from the email of the invocation before.
    plan.setup.notifications_batch = 1;
    plan.setup.idle_milliseconds = 20;
    let report = play(&plan);
    assert_eq!(report.emails, 80);
    assert!(report.duration.as_secs() >= 80 / 8);
}

#[test]
fn a_digest_names_every_order_that_it_marks() {
    let mut plan = Plan::without_faults(10, 150);
    plan.traffic.seconds = 0;
    plan.setup.orders_batch = 150;
    let report = play(&plan);
    // A digest describes 50 orders, and names the others. The events of the first publish may arrive in a batch before the others.
    assert!(report.emails <= 3, "{}", report.emails);
    assert_eq!(report.rows, 150);
}

#[test]
fn slow_calls_leave_time_to_answer() {
    let mut plan = Plan::without_faults(8, 60);
    plan.traffic.seconds = 2;
    plan.setup.digest_threshold = 50;
    plan.setup.notifier_timeout = 15;
    plan.faults.slow = 40;
    plan.faults.seconds = 300;
    assert_eq!(play(&plan).rows, 60);
}

#[test]
fn the_same_plan_runs_the_same_way() {
    let mut plan = Plan::without_faults(6, 20);
    plan.traffic.copies = 5;
    plan.setup.in_order = false;
    plan.faults = Faults {
        seconds: 120,
        errors: 15,
        entries: 15,
        lost: 10,
        slow: 10,
        panics: 2,
        duplicates: 20,
        crashes: 20,
    };
    let first = run(&plan, true);
    assert!(first.trace.len() > 100);
    assert_eq!(first, run(&plan, true));
    plan.seed = 7;
    assert_ne!(first.trace, run(&plan, true).trace);
}

/// The batch holds copies of one order, and cancellations of others. The insert fails, the read of the copies works, and no cancellation is tried: their reason is that
/// of the insert, which is no order's last error.
#[test]
fn a_cancellation_shares_the_error_of_an_insert_whose_order_is_read_afterwards() {
    let plan = include_str!("plans/shared-error.json");
    play(&serde_json::from_str(plan).unwrap());
}
