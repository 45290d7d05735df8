//! The text of an email about orders: a digest names several, each in a line of its own.

use std::collections::BTreeSet;

use order_core::OrderId;

/// The line of a digest in the place of an order that was erased. `verify` knows it.
const ERASED_LINE: &str = "  an erased order";

/// The line of a digest in the place of an order of somebody else.
const OTHER_LINE: &str = "  an order of another customer";

/// The rest of an email without the lines of the orders: `None` if it names no other order.
pub(crate) fn without(body: &str, orders: &BTreeSet<OrderId>) -> Option<String> {
    if !names_one_of(body, orders) {
        return Some(body.to_owned());
    }
    let mut names_others = false;
    let text = map_lines(body, |order| {
        let is_erased = orders.contains(&order);
        names_others |= !is_erased;
        is_erased.then_some(ERASED_LINE)
    });
    // A line that is no order's may name one too: then nothing can be left.
    (names_others && !names_one_of(&text, orders)).then_some(text)
}

/// An email without the lines of other orders than these.
pub(crate) fn only(body: &str, orders: &BTreeSet<OrderId>) -> String {
    map_lines(body, |order| (!orders.contains(&order)).then_some(OTHER_LINE))
}

/// The text with another line in the place of an order's line, where `replacement` has one.
fn map_lines(body: &str, mut replacement: impl FnMut(OrderId) -> Option<&'static str>) -> String {
    let lines = body
        .lines()
        .map(|line| listed_order(line).and_then(&mut replacement).unwrap_or(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Whether a text names one of the orders.
pub(crate) fn names_one_of(text: &str, orders: &BTreeSet<OrderId>) -> bool {
    named(text, orders).next().is_some()
}

/// Those of the orders that a text names.
pub(crate) fn named(text: &str, orders: &BTreeSet<OrderId>) -> impl Iterator<Item = OrderId> {
    let named = orders.iter().filter(|order| text.contains(&order.to_string()));
    named.copied()
}

/// Whether an email, as it stands in a dead letter, covers more orders than these. It states their number in its last line.
pub(crate) fn covers_others(text: &str, orders: &BTreeSet<OrderId>) -> bool {
    let stated = text.rsplit_once(" covers ").map(|(_, rest)| rest);
    let stated = stated.and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    stated.is_some_and(|stated| stated > named(text, orders).count())
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
        let text = without(&digest(), &orders(&[ONE])).expect("it names another order");
        insta::assert_snapshot!(text, @r"
        2 orders confirmed.

        Orders
          an erased order
          0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7c  EUR 3.00

        --
        Notification n covers 2 orders.
        ");
        assert_eq!(without(&text, &orders(&[ONE])).as_ref(), Some(&text));
        assert_eq!(without(&text, &orders(&[OTHER])), None);
    }

    #[test]
    fn a_customer_reads_no_line_of_another() {
        let text = only(&digest(), &orders(&[ONE]));
        insta::assert_snapshot!(text, @r"
        2 orders confirmed.

        Orders
          0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  1 item, Ada
          an order of another customer

        --
        Notification n covers 2 orders.
        ");
        assert_eq!(only(&digest(), &orders(&[ONE, OTHER])), digest());
    }

    #[test]
    fn an_email_of_erased_orders_alone_goes() {
        let one = format!("Order     {ONE}\nNotification n covers 1 order.\n");
        assert_eq!(without(&one, &orders(&[ONE])), None);
        assert_eq!(without(&one, &orders(&[OTHER])), Some(one));
        assert_eq!(without(&digest(), &orders(&[ONE, OTHER])), None);
    }

    #[test]
    fn an_undelivered_digest_says_whether_it_covers_others() {
        let letter = serde_json::json!({ "Message": digest() }).to_string();
        assert!(covers_others(&letter, &orders(&[ONE])));
        assert!(!covers_others(&letter, &orders(&[ONE, OTHER])));
        assert!(!covers_others("{}", &orders(&[ONE])));
    }
}
