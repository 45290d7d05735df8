//! Generating the orders of a load: random, and the same for the same seed.

use order_core::{Fingerprint, Order, Violations};
use serde_json::{Value, json};

use super::share::Share;
use crate::journal::Poison;

/// Generates the orders of one run.
#[derive(Clone, Debug)]
pub(super) struct OrderGenerator {
    /// The run's name. It is part of each order, so that two runs have no order in common.
    pub(super) run: String,
    /// The seed of the random number generator.
    pub(super) seed: u64,
    /// The share of orders that are sent twice at the same time.
    pub(super) duplicates: Share,
    /// The share of orders for which a poison message is sent.
    pub(super) poison: Share,
}

/// An order to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedOrder {
    /// The idempotency key.
    pub(super) key: String,
    /// The body of the request.
    pub(super) body: Vec<u8>,
    /// The order's fingerprint.
    pub(super) fingerprint: Fingerprint,
    /// Whether the request is sent twice.
    pub(super) is_duplicated: bool,
    /// The poison message that is sent after it.
    pub(super) poison: Option<Poison>,
}

impl OrderGenerator {
    /// Generates the order with this number, which counts from 0.
    pub(super) fn plan(&self, number: u64) -> Result<PlannedOrder, Violations> {
        // The multiplier spreads successive numbers over the generator's states (Knuth, TAOCP 6.4).
        let mut rng = fastrand::Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let key = format!("load-{}-{number}", self.run);
        let document = generate_document(&mut rng, &key);
        let order = Order::restore(&document)?;
        let is_duplicated = self.duplicates.draw(&mut rng);
        let poison = self.poison.draw(&mut rng).then(|| match rng.u8(0..2) {
            0 => Poison::Malformed,
            _ => Poison::Conflict,
        });
        Ok(PlannedOrder {
            key,
            body: document.to_string().into_bytes(),
            fingerprint: Fingerprint::of(&order),
            is_duplicated,
            poison,
        })
    }
}

fn generate_document(rng: &mut fastrand::Rng, key: &str) -> Value {
    let currency = ["EUR", "USD", "JPY"][rng.usize(0..3)];
    let items: Vec<Value> = (0..rng.usize(1..=4))
        .map(|_| {
            let article = rng.u32(0..500);
            let price = rng.u32(50..20_000);
            let price = match currency {
                "JPY" => price.to_string(),
                _ => format!("{}.{:02}", price / 100, price % 100),
            };
            json!({"sku": format!("SKU-{article:03}"), "name": format!("Article {article}"), "quantity": rng.u32(1..=9), "unit_price": price})
        })
        .collect();
    let customer = rng.u32(0..10_000);
    json!({
        "customer": {"id": format!("load-{customer}"), "email": format!("load-{customer}@example.com"), "name": format!("Customer {customer}")},
        "currency": currency,
        "items": items,
        "note": key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(run: &str, seed: u64) -> OrderGenerator {
        OrderGenerator {
            run: run.to_owned(),
            seed,
            duplicates: "0.1".parse().unwrap(),
            poison: "20%".parse().unwrap(),
        }
    }

    #[test]
    fn every_order_is_valid_and_its_note_is_its_key() {
        for number in 0..1000 {
            let planned = orders("r", 7).plan(number).unwrap();
            let document: Value = serde_json::from_slice(&planned.body).unwrap();
            assert_eq!(document["note"], planned.key);
            assert_eq!(planned.key, format!("load-r-{number}"));
        }
    }

    #[test]
    fn orders_of_one_seed_differ_only_in_the_name_of_the_run() {
        let plan = |run, seed, number| orders(run, seed).plan(number).unwrap();
        assert_eq!(plan("r", 7, 3), plan("r", 7, 3));
        let content = |planned: PlannedOrder| {
            let mut document: Value = serde_json::from_slice(&planned.body).unwrap();
            document["note"] = Value::Null;
            document
        };
        assert_ne!(plan("r", 7, 3).fingerprint, plan("s", 7, 3).fingerprint);
        assert_eq!(content(plan("r", 7, 3)), content(plan("s", 7, 3)));
        assert_ne!(content(plan("r", 7, 3)), content(plan("r", 8, 3)));
    }

    #[test]
    fn shares_are_met_and_every_kind_of_poison_is_generated() {
        let planned: Vec<PlannedOrder> = (0..5000)
            .map(|number| orders("r", 7).plan(number).unwrap())
            .collect();
        let duplicated = planned.iter().filter(|planned| planned.is_duplicated).count();
        assert!((400..600).contains(&duplicated), "{duplicated}");
        for kind in [Poison::Malformed, Poison::Conflict] {
            let count = planned
                .iter()
                .filter(|planned| planned.poison == Some(kind))
                .count();
            assert!((400..600).contains(&count), "{kind:?} {count}");
        }
    }
}
