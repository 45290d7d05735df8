//! Which orders the emails cover, and which of them more than once.
//!
//! An email names the orders that it covers and states how many they are. One of an earlier version named up to 50: it also covers
//! an order whose row names the email, as long as the email states more orders than it names.
//!
//! An email that orders are cancelled covers those of them whose rows say so too: nobody has to be told any more that they are confirmed. It never
//! counts as a repetition of the email that an order is confirmed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use order_core::EventType;

use super::mail::Email;
use super::rows::Row;

/// Which orders the emails cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    /// The ids of the wanted orders that no email covers.
    pub(super) unnotified: BTreeSet<String>,
    /// How often an inbox was told that an order is confirmed, although it had been told already.
    pub(super) notified_again: u64,
}

/// Finds the orders that the emails cover. `wanted` are the orders that must be covered. `rows` are all rows of the table,
/// since an email may also cover orders that are not from this journal.
pub(super) fn find_coverage(emails: &[Email], rows: &[Row], wanted: &BTreeSet<String>) -> Coverage {
    let mut marked: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for row in rows {
        if let Some(id) = &row.notification_id {
            marked.entry(id).or_default().insert(&row.order_id);
        }
    }
    let mut covered: BTreeSet<String> = BTreeSet::new();
    let mut notified_again = 0;
    let of_type = |about| emails.iter().filter(move |email: &&Email| email.about == about);
    for (_, inbox) in group_by_inbox(of_type(EventType::Confirmed)) {
        let mut covered_here: BTreeSet<String> = BTreeSet::new();
        let mut deliveries = 0;
        for (id, copies) in inbox {
            let email = copies[0];
            deliveries += email.covers * copies.len();
            let listed: BTreeSet<String> = email.listed.iter().map(ToString::to_string).collect();
            let unlisted = email.covers.saturating_sub(listed.len());
            let marked = marked.get(id).into_iter().flatten();
            let by_mark: Vec<String> = marked
                .filter(|order| !listed.contains(**order))
                .take(unlisted)
                .map(|order| (*order).to_owned())
                .collect();
            covered_here.extend(listed);
            covered_here.extend(by_mark);
        }
        notified_again += deliveries.saturating_sub(covered_here.len()) as u64;
        covered.extend(covered_here);
    }
    let cancelled: HashSet<&str> = rows
        .iter()
        .filter(|row| row.is_cancelled)
        .map(|row| row.order_id.as_str())
        .collect();
    let told = of_type(EventType::Cancelled).flat_map(|email| &email.listed);
    covered.extend(
        told.map(ToString::to_string)
            .filter(|id| cancelled.contains(id.as_str())),
    );
    Coverage {
        unnotified: wanted.difference(&covered).cloned().collect(),
        notified_again,
    }
}

/// Groups the emails by inbox and by the notification id that they print. An email that was delivered twice is two copies
/// under one id.
fn group_by_inbox<'a>(
    emails: impl Iterator<Item = &'a Email>,
) -> BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Email>>> {
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

    /// The id of order number `number`.
    fn id(number: usize) -> String {
        format!("0199d3a0-5c1e-7b3a-9f57-2c1d{number:08x}")
    }

    fn email(to: &str, notification_id: &str, covers: usize, listed: std::ops::Range<usize>) -> Email {
        Email {
            to: to.to_owned(),
            about: EventType::Confirmed,
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
            content: Err("not compared".to_owned()),
            notification_id: notification_id.map(str::to_owned),
            is_cancelled: false,
        }
    }

    fn wanted(numbers: std::ops::Range<usize>) -> BTreeSet<String> {
        numbers.map(id).collect()
    }

    #[test]
    fn an_order_that_an_email_names_is_covered_even_without_a_mark() {
        let coverage = find_coverage(
            &[email("a", "n", 2, 0..2)],
            &[row(0, None), row(1, None)],
            &wanted(0..2),
        );
        assert_eq!(coverage, Coverage::default());
    }

    #[test]
    fn a_mark_without_its_email_covers_nothing() {
        let rows = [row(0, Some("n-0")), row(1, Some("n-1"))];
        let coverage = find_coverage(&[email("a", "n-0", 1, 0..1)], &rows, &wanted(0..2));
        assert_eq!(coverage.unnotified, wanted(1..2));
    }

    #[test]
    fn a_digest_covers_as_many_unnamed_orders_as_it_says() {
        let rows: Vec<Row> = (0..60).map(|number| row(number, Some("n"))).collect();
        let emails = |covers| [email("a", "n", covers, 0..50)];
        assert_eq!(
            find_coverage(&emails(60), &rows, &wanted(0..60)),
            Coverage::default()
        );
        let short = find_coverage(&emails(58), &rows, &wanted(0..60));
        assert_eq!(short.unnotified.len(), 2);
    }

    #[test]
    fn an_email_that_came_twice_notifies_its_orders_twice() {
        let copies = [email("a", "n", 3, 0..3), email("a", "n", 3, 0..3)];
        let rows: Vec<Row> = (0..3).map(|number| row(number, Some("n"))).collect();
        assert_eq!(find_coverage(&copies, &rows, &wanted(0..3)).notified_again, 3);
    }

    #[test]
    fn an_order_in_two_emails_is_notified_twice() {
        let emails = [email("a", "n-0", 2, 0..2), email("a", "n-1", 2, 1..3)];
        let rows = [row(0, Some("n-0")), row(1, Some("n-0")), row(2, Some("n-1"))];
        let coverage = find_coverage(&emails, &rows, &wanted(0..3));
        assert_eq!((coverage.notified_again, coverage.unnotified.len()), (1, 0));
    }

    #[test]
    fn an_email_that_an_order_is_cancelled_is_no_repetition() {
        let cancelled = |id: &str| Email {
            about: EventType::Cancelled,
            ..email("a", id, 1, 0..1)
        };
        let emails = [email("a", "n", 1, 0..1), cancelled("c-0"), cancelled("c-1")];
        let rows = [row(0, Some("n"))];
        assert_eq!(find_coverage(&emails, &rows, &wanted(0..1)), Coverage::default());
    }

    #[test]
    fn an_email_that_an_order_is_cancelled_covers_it_only_if_its_row_says_so() {
        let emails = [Email {
            about: EventType::Cancelled,
            ..email("a", "c", 2, 0..2)
        }];
        let cancelled = Row {
            is_cancelled: true,
            ..row(0, None)
        };
        let coverage = find_coverage(&emails, &[cancelled, row(1, None)], &wanted(0..2));
        assert_eq!((coverage.notified_again, coverage.unnotified), (0, wanted(1..2)));
    }

    #[test]
    fn two_inboxes_are_no_repetition() {
        let emails = [email("a", "n", 1, 0..1), email("b", "n", 1, 0..1)];
        assert_eq!(
            find_coverage(&emails, &[row(0, Some("n"))], &wanted(0..1)),
            Coverage::default()
        );
    }

    #[test]
    fn other_orders_in_the_same_email_are_no_repetition() {
        let rows: Vec<Row> = (0..4).map(|number| row(number, Some("n"))).collect();
        assert_eq!(
            find_coverage(&[email("a", "n", 4, 0..4)], &rows, &wanted(0..1)),
            Coverage::default()
        );
    }
}
