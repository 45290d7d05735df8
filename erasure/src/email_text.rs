//! The text of an email about orders: a digest names several, each in a line of its own.

use std::collections::BTreeSet;

use order_core::OrderId;

/// The line of a digest in the place of an order that was erased. `verify` knows it.
const ERASED_LINE: &str = "  an erased order";

/// The rest of an email.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Remainder {
    /// All of it: it names none of the orders.
    All,
    /// A digest with the lines of other orders.
    Others(String),
    /// Nothing: it names no other order.
    Nothing,
}

/// The rest of an email without the lines of the orders.
pub(crate) fn without(body: &str, orders: &BTreeSet<OrderId>) -> Remainder {
    if !names_one_of(body, orders) {
        return Remainder::All;
    }
    let mut names_others = false;
    let lines = body.lines().map(|line| match listed_order(line) {
        Some(order) if orders.contains(&order) => ERASED_LINE,
        other => {
            names_others |= other.is_some();
            line
        }
    });
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    // A line that is no order's may name one too: then nothing can be left.
    if names_others && !names_one_of(&text, orders) {
        Remainder::Others(text)
    } else {
        Remainder::Nothing
    }
}

/// Whether a text names one of the orders.
pub(crate) fn names_one_of(text: &str, orders: &BTreeSet<OrderId>) -> bool {
    orders.iter().any(|order| text.contains(&order.to_string()))
}

/// Whether an email, as it stands in a dead letter, covers more orders than these. It states their number in its last line.
pub(crate) fn covers_others(text: &str, orders: &BTreeSet<OrderId>) -> bool {
    let stated = text.rsplit_once(" covers ").map(|(_, rest)| rest);
    let stated = stated.and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    let named = orders.iter().filter(|order| text.contains(&order.to_string()));
    stated.is_some_and(|stated| stated > named.count())
}

/// The order of a line of a digest: two spaces, the id, and more.
fn listed_order(line: &str) -> Option<OrderId> {
    line.strip_prefix("  ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
    const OTHER: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7c";

    fn orders(ids: &[&str]) -> BTreeSet<OrderId> {
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }

    fn digest() -> String {
        format!(
            "2 orders confirmed.\n\nOrders\n  {ONE}  1 item, Ada\n  {OTHER}  EUR 3.00\n\n--\nNotification n covers 2 orders.\n"
        )
    }

    #[test]
    fn a_digest_keeps_the_lines_of_other_orders() {
        let Remainder::Others(text) = without(&digest(), &orders(&[ONE])) else {
            panic!("it names another order")
        };
        insta::assert_snapshot!(text, @r"
        2 orders confirmed.

        Orders
          an erased order
          0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7c  EUR 3.00

        --
        Notification n covers 2 orders.
        ");
        assert_eq!(without(&text, &orders(&[ONE])), Remainder::All);
        assert_eq!(without(&text, &orders(&[OTHER])), Remainder::Nothing);
    }

    #[test]
    fn an_email_of_erased_orders_alone_goes() {
        let one = format!("Order     {ONE}\nNotification n covers 1 order.\n");
        assert_eq!(without(&one, &orders(&[ONE])), Remainder::Nothing);
        assert_eq!(without(&one, &orders(&[OTHER])), Remainder::All);
        assert_eq!(without(&digest(), &orders(&[ONE, OTHER])), Remainder::Nothing);
    }

    #[test]
    fn an_undelivered_digest_says_whether_it_covers_others() {
        let letter = serde_json::json!({ "Message": digest() }).to_string();
        assert!(covers_others(&letter, &orders(&[ONE])));
        assert!(!covers_others(&letter, &orders(&[ONE, OTHER])));
        assert!(!covers_others("{}", &orders(&[ONE])));
    }
}
