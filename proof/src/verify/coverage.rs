//! Which orders the mail told of, and which of them twice.
//!
//! An email names up to 50 orders and says how many it covers. An order is told of if an email names it; or if its row
//! names an email that lies in the mailbox and covers more orders than it names, as long as the number suffices.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::mail::Email;
use super::rows::Row;

/// What the mail says about the orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    /// The ids of the orders that no inbox was told of, among those that were asked for.
    pub(super) untold: BTreeSet<String>,
    /// How often an inbox was told of an order that it had been told of before.
    pub(super) told_again: u64,
}

/// Judges the mail. `wanted` are the orders that must have been told of; `rows` are all rows of the table, since an
/// email may cover orders of others too.
pub(super) fn cover(emails: &[Email], rows: &[Row], wanted: &BTreeSet<String>) -> Coverage {
    let mut marked: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for row in rows {
        if let Some(id) = &row.notification_id {
            marked.entry(id).or_default().insert(&row.order_id);
        }
    }
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut told_again = 0;
    for (_, inbox) in by_inbox(emails) {
        let mut told_here: BTreeSet<String> = BTreeSet::new();
        let mut tellings = 0;
        for (id, copies) in inbox {
            let email = copies[0];
            tellings += email.covers * copies.len();
            let listed: BTreeSet<String> = email.listed.iter().map(ToString::to_string).collect();
            let unlisted = email.covers.saturating_sub(listed.len());
            let marked = marked.get(id).into_iter().flatten();
            let by_mark: Vec<String> = marked
                .filter(|order| !listed.contains(**order))
                .take(unlisted)
                .map(|order| (*order).to_owned())
                .collect();
            told_here.extend(listed);
            told_here.extend(by_mark);
        }
        told_again += tellings.saturating_sub(told_here.len()) as u64;
        told.extend(told_here);
    }
    Coverage {
        untold: wanted.difference(&told).cloned().collect(),
        told_again,
    }
}

/// Per inbox the emails by their printed id: an email that was delivered twice is two copies of one.
fn by_inbox(emails: &[Email]) -> BTreeMap<&str, BTreeMap<&str, Vec<&Email>>> {
    let mut inboxes: BTreeMap<&str, BTreeMap<&str, Vec<&Email>>> = BTreeMap::new();
    for email in emails {
        let inbox = inboxes.entry(&email.to).or_default();
        inbox.entry(&email.notification_id).or_default().push(email);
    }
    inboxes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An order's id by a number.
    fn id(number: usize) -> String {
        format!("0199d3a0-5c1e-7b3a-9f57-2c1d{number:08x}")
    }

    fn email(to: &str, notification_id: &str, covers: usize, listed: std::ops::Range<usize>) -> Email {
        Email {
            to: to.to_owned(),
            notification_id: notification_id.to_owned(),
            covers,
            listed: listed.map(|number| id(number).parse().unwrap()).collect(),
        }
    }

    fn row(number: usize, notification_id: Option<&str>) -> Row {
        Row {
            order_id: id(number),
            note: None,
            stored_fingerprint: None,
            content: Err("not looked at".to_owned()),
            notification_id: notification_id.map(str::to_owned),
        }
    }

    fn wanted(numbers: std::ops::Range<usize>) -> BTreeSet<String> {
        numbers.map(id).collect()
    }

    #[test]
    fn an_order_is_told_of_by_its_name_even_without_a_mark() {
        let coverage = cover(
            &[email("a", "n", 2, 0..2)],
            &[row(0, None), row(1, None)],
            &wanted(0..2),
        );
        assert_eq!(coverage, Coverage::default());
    }

    #[test]
    fn a_mark_without_its_email_proves_nothing() {
        let rows = [row(0, Some("n-0")), row(1, Some("n-1"))];
        let coverage = cover(&[email("a", "n-0", 1, 0..1)], &rows, &wanted(0..2));
        assert_eq!(coverage.untold, wanted(1..2));
    }

    #[test]
    fn a_digest_covers_as_many_unnamed_orders_as_it_says() {
        let rows: Vec<Row> = (0..60).map(|number| row(number, Some("n"))).collect();
        let emails = |covers| [email("a", "n", covers, 0..50)];
        assert_eq!(cover(&emails(60), &rows, &wanted(0..60)), Coverage::default());
        let short = cover(&emails(58), &rows, &wanted(0..60));
        assert_eq!(short.untold.len(), 2);
    }

    #[test]
    fn an_email_that_came_twice_told_twice() {
        let copies = [email("a", "n", 3, 0..3), email("a", "n", 3, 0..3)];
        let rows: Vec<Row> = (0..3).map(|number| row(number, Some("n"))).collect();
        assert_eq!(cover(&copies, &rows, &wanted(0..3)).told_again, 3);
    }

    #[test]
    fn an_order_in_two_emails_was_told_of_twice() {
        let emails = [email("a", "n-0", 2, 0..2), email("a", "n-1", 2, 1..3)];
        let rows = [row(0, Some("n-0")), row(1, Some("n-0")), row(2, Some("n-1"))];
        let coverage = cover(&emails, &rows, &wanted(0..3));
        assert_eq!((coverage.told_again, coverage.untold.len()), (1, 0));
    }

    #[test]
    fn two_inboxes_are_no_doubling() {
        let emails = [email("a", "n", 1, 0..1), email("b", "n", 1, 0..1)];
        assert_eq!(
            cover(&emails, &[row(0, Some("n"))], &wanted(0..1)),
            Coverage::default()
        );
    }

    #[test]
    fn orders_of_others_in_the_same_email_are_no_doubling() {
        let rows: Vec<Row> = (0..4).map(|number| row(number, Some("n"))).collect();
        assert_eq!(
            cover(&[email("a", "n", 4, 0..4)], &rows, &wanted(0..1)),
            Coverage::default()
        );
    }
}
