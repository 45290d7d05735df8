//! The laws of numbers and of matching.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{accepts, accepts_body};
use crate::decimal::Decimal;
use crate::wildcard::Wildcard;
use crate::{FilterPolicy, Scope};

fn number() -> impl Strategy<Value = (i64, u32)> {
    (-1_000_000_000_000_i64..1_000_000_000_000, 0_u32..8)
}

fn written((value, places): (i64, u32)) -> String {
    format!("{value}e-{places}")
}

proptest! {
    #[test]
    fn decimals_are_ordered_as_numbers(a in number(), b in number()) {
        let exact = |(value, places): (i64, u32)| i128::from(value) * 10_i128.pow(8 - places);
        let decimal = |n| Decimal::parse(&written(n)).unwrap();
        prop_assert_eq!(decimal(a).cmp(&decimal(b)), exact(a).cmp(&exact(b)));
    }

    #[test]
    fn a_number_equals_itself_in_every_notation(value in -1_000_000_i64..1_000_000, zeros in 0_usize..5) {
        let plain = Decimal::parse(&value.to_string()).unwrap();
        for text in [format!("{value}.{}", "0".repeat(zeros)), format!("{value}{}e-{zeros}", "0".repeat(zeros))] {
            prop_assert_eq!(&Decimal::parse(&text).unwrap(), &plain);
        }
    }

    #[test]
    fn a_text_matches_itself_and_nothing_else(a in any::<String>(), b in any::<String>()) {
        let policy = serde_json::json!({"k": [a.clone()]}).to_string();
        prop_assert!(accepts(&policy, &[("k", "String", &a)]));
        prop_assert_eq!(accepts(&policy, &[("k", "String", &b)]), a == b);
        let body = serde_json::json!({"k": b.clone()}).to_string();
        prop_assert_eq!(accepts_body(&policy, &body), a == b);
        let but = serde_json::json!({"k": [{"anything-but": a.clone()}]}).to_string();
        prop_assert_eq!(accepts(&but, &[("k", "String", &b)]), a != b);
    }

    #[test]
    fn or_is_the_union_of_its_clauses(left in "[ab]", right in "[ab]", x in "[ab]", y in "[ab]") {
        let either = serde_json::json!({"$or": [{"x": [left.clone()]}, {"y": [right.clone()]}]}).to_string();
        let message = [("x", "String", x.as_str()), ("y", "String", y.as_str())];
        prop_assert_eq!(accepts(&either, &message), left == x || right == y);
    }

    #[test]
    fn ranges_and_their_complements(bottom in -50_i64..50, width in 1_i64..50, value in -120_i64..120) {
        let top = bottom + width;
        let of = |range: String| accepts(&format!(r#"{{"k": [{{"numeric": {range}}}]}}"#), &[("k", "Number", &value.to_string())]);
        prop_assert_eq!(of(format!(r#"[">=", {bottom}, "<", {top}]"#)), (bottom..top).contains(&value));
        prop_assert_eq!(of(format!(r#"["<", {bottom}]"#)), !of(format!(r#"[">=", {bottom}]"#)));
    }

    #[test]
    fn a_wildcard_matches_what_it_stands_for(parts in prop::collection::vec("[a-c]{0,3}", 1..4), filling in "[a-d]{0,4}") {
        let pattern = parts.join("*");
        if let Ok(wildcard) = Wildcard::parse(&pattern) {
            prop_assert!(wildcard.matches(&parts.join(&filling)));
            let longer = ["x", &parts.join(&filling)].concat();
            prop_assert_eq!(wildcard.matches(&longer), pattern.starts_with('*'));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), json in r#"[\[\]{}",:0-9a-z$\\ ]{0,40}"#) {
        for text in [&text, &json, &format!(r#"{{"k": [{json}]}}"#)] {
            if let Ok(policy) = FilterPolicy::parse(text, Scope::MessageBody) {
                let _accepted = policy.accepts(&BTreeMap::new(), text);
            }
        }
    }
}
