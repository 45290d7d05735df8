//! The query parameters of `GET /orders`.

use order_core::text::{CustomerId, Reference};
use order_core::{Timestamp, Violations};
use order_table::OrderStatus;
use rest_function::parameters::{Parameters, limit as limit_or_default, once, refuse_unknown};

use crate::cursor::{self, CursorError};
use crate::ports::{CustomerQuery, Sort};

/// The number of orders of a page without a `limit`.
pub(crate) const DEFAULT_LIMIT: u16 = 20;
/// The most orders of a page.
pub(crate) const MAX_LIMIT: u16 = 100;

const KNOWN: [&str; 8] = [
    "customer_id",
    "accepted_from",
    "accepted_to",
    "status",
    "reference",
    "sort",
    "limit",
    "cursor",
];

/// Reads the parameters. The error lists every violation.
pub(crate) fn parse(parameters: &Parameters<'_>) -> Result<CustomerQuery, Violations> {
    let mut violations = Violations::default();
    let [customer, from, to, status, reference, sort, limit, cursor] =
        once(parameters, KNOWN, &mut violations);
    if !parameters.contains_key("customer_id") {
        violations.push_parameter("customer_id", "is required");
    }
    let customer = customer.and_then(|text| {
        CustomerId::accept(text)
            .map_err(|error| violations.push_parameter("customer_id", error.to_string()))
            .ok()
    });
    let accepted_from = time("accepted_from", from, &mut violations);
    let accepted_to = time("accepted_to", to, &mut violations);
    if accepted_from
        .zip(accepted_to)
        .is_some_and(|(from, to)| to <= from)
    {
        violations.push_parameter("accepted_to", "must be after accepted_from");
    }
    let status = status.and_then(|text| {
        let found = OrderStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == text);
        if found.is_none() {
            violations.push_parameter("status", "must be confirmed, notified or cancelled");
        }
        found
    });
    let reference = reference.and_then(|text| {
        Reference::accept(text)
            .map_err(|error| violations.push_parameter("reference", error.to_string()))
            .ok()
    });
    let sort = match sort {
        None | Some("newest") => Sort::Newest,
        Some("oldest") => Sort::Oldest,
        Some(_) => {
            violations.push_parameter("sort", "must be newest or oldest");
            Sort::Newest
        }
    };
    let limit = limit_or_default(limit, DEFAULT_LIMIT, MAX_LIMIT, &mut violations);
    // A cursor can be checked only for a customer.
    let after = customer.as_ref().zip(cursor).and_then(|(customer, text)| {
        cursor::decode(customer, text)
            .map_err(|error| violations.push_parameter("cursor", error.to_string()))
            .ok()
    });
    refuse_unknown(parameters, &KNOWN, &mut violations);
    let Some(customer) = customer else {
        return Err(violations);
    };
    let query = CustomerQuery {
        customer,
        accepted_from,
        accepted_to,
        status,
        reference,
        sort,
        after,
        limit,
    };
    // DynamoDB refuses a position outside of the range.
    if after.is_some_and(|after| !query.includes(after.accepted_at)) {
        violations.push_parameter("cursor", CursorError.to_string());
    }
    if violations.is_empty() {
        Ok(query)
    } else {
        Err(violations)
    }
}

/// A moment, in any offset of RFC 3339.
fn time(name: &str, text: Option<&str>, violations: &mut Violations) -> Option<Timestamp> {
    let time = text?.parse();
    if time.is_err() {
        violations.push_parameter(name, "must be a time of RFC 3339, such as 2026-11-23T09:35:00Z");
    }
    time.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&'static str, &'static str)]) -> Result<CustomerQuery, String> {
        let mut query = Parameters::new();
        for (name, value) in parameters {
            query.entry(name).or_default().push(value);
        }
        super::parse(&query).map_err(|violations| violations.to_string())
    }

    #[test]
    fn the_customer_is_enough() {
        let query = parse(&[("customer_id", "c-42")]).unwrap();
        assert_eq!(
            (query.customer.as_str(), query.limit, query.after),
            ("c-42", DEFAULT_LIMIT, None)
        );
        assert_eq!(
            parse(&[("customer_id", "c-42"), ("limit", "100")]).unwrap().limit,
            100
        );
    }

    #[test]
    fn a_list_is_narrowed_by_time_status_and_reference_and_turned_round() {
        let query = parse(&[
            ("customer_id", "c-42"),
            ("accepted_from", "2026-11-23T10:35:00+01:00"),
            ("accepted_to", "2026-11-23T09:35:00.001Z"),
            ("status", "notified"),
            ("reference", "PO 2026/17"),
            ("sort", "oldest"),
        ])
        .unwrap();
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(query.status, Some(OrderStatus::Notified));
        assert_eq!(
            query.reference.as_ref().map(Reference::as_str),
            Some("PO 2026/17")
        );
        assert_eq!(query.sort, Sort::Oldest);
        assert!(query.includes(time("2026-11-23T09:35:00.000Z")));
        for outside in ["2026-11-23T09:34:59.999Z", "2026-11-23T09:35:00.001Z"] {
            assert!(!query.includes(time(outside)), "{outside}");
        }
        assert_eq!(
            parse(&[("customer_id", "c-42"), ("sort", "newest")]),
            parse(&[("customer_id", "c-42")])
        );
    }

    #[test]
    fn a_wrong_range_status_reference_or_sequence_is_refused() {
        let text = [
            parse(&[
                ("customer_id", "a"),
                ("accepted_from", "2026-11-23"),
                ("status", "failed"),
                ("reference", ""),
                ("sort", "-accepted_at"),
            ]),
            parse(&[
                ("customer_id", "a"),
                ("accepted_from", "2026-11-23T09:35:00Z"),
                ("accepted_to", "2026-11-23T09:35:00Z"),
            ]),
        ];
        let text: Vec<String> = text.into_iter().map(Result::unwrap_err).collect();
        let lines = text.join("\n");
        for expected in [
            "accepted_from: must be a time of RFC 3339, such as 2026-11-23T09:35:00Z",
            "status: must be confirmed, notified or cancelled",
            "reference: ",
            "sort: must be newest or oldest",
            "accepted_to: must be after accepted_from",
        ] {
            assert!(lines.contains(expected), "{expected} in {lines}");
        }
    }

    #[test]
    fn a_cursor_outside_of_the_range_is_refused() {
        // A cursor of 2026-11-23T09:35:00.123Z, from the golden values.
        let cursor = "AQAAAaIHwj4bAZnToFweezqfVywdTl9qe2eCw_eZYc3N";
        let at = |from| {
            parse(&[
                ("customer_id", "c-42"),
                ("cursor", cursor),
                ("accepted_from", from),
            ])
        };
        assert!(at("2026-11-23T09:35:00.123Z").is_ok());
        assert_eq!(
            at("2026-11-23T09:35:00.124Z").unwrap_err(),
            "cursor: is not a cursor of this customer's list; take next_cursor as it was given, or start without one"
        );
    }

    #[test]
    fn every_violation_is_listed_at_once() {
        let text = [
            parse(&[]),
            parse(&[
                ("customer_id", "a b"),
                ("limit", "0"),
                ("page", "2"),
                ("Limit", "5"),
            ]),
            parse(&[
                ("customer_id", "a"),
                ("customer_id", "b"),
                ("limit", ""),
                ("cursor", "c"),
                ("cursor", "d"),
            ]),
            parse(&[("customer_id", "a"), ("limit", "+5"), ("cursor", "next")]),
            parse(&[("customer_id", "a"), ("limit", "101")]),
            parse(&[("customer_id", "a"), ("limit", "99999999999999999999")]),
        ];
        let text: Vec<String> = text.into_iter().map(Result::unwrap_err).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        customer_id: is required
        customer_id: must consist of visible ASCII characters without spaces; limit: must be an integer from 1 to 100; Limit: is not a parameter here; the parameters are customer_id, accepted_from, accepted_to, status, reference, sort, limit, cursor; page: is not a parameter here; the parameters are customer_id, accepted_from, accepted_to, status, reference, sort, limit, cursor
        customer_id: must be given once; cursor: must be given once; limit: must be an integer from 1 to 100
        limit: must be an integer from 1 to 100; cursor: is not a cursor of this customer's list; take next_cursor as it was given, or start without one
        limit: must be an integer from 1 to 100
        limit: must be an integer from 1 to 100
        ");
    }
}
