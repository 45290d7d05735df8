//! The query parameters of `GET /orders`.

use std::collections::BTreeMap;

use order_core::Violations;
use order_core::text::CustomerId;

use crate::cursor;
use crate::ports::Position;

/// The number of orders of a page without a `limit`.
pub(crate) const DEFAULT_LIMIT: u16 = 20;
/// The most orders of a page.
pub(crate) const MAX_LIMIT: u16 = 100;

const KNOWN: [&str; 3] = ["customer_id", "limit", "cursor"];

/// Whose orders to list, how many, and from which position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListQuery {
    pub(crate) customer: CustomerId,
    pub(crate) limit: u16,
    pub(crate) after: Option<Position>,
}

impl ListQuery {
    /// Reads the parameters. The error lists every violation.
    pub(crate) fn parse(parameters: &BTreeMap<&str, Vec<&str>>) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let mut once = |name: &'static str| match parameters.get(name).map(Vec::as_slice) {
            None => None,
            Some([value]) => Some(*value),
            Some(_) => {
                violations.push_parameter(name, "must be given once");
                None
            }
        };
        let [customer, limit, cursor] = KNOWN.map(&mut once);
        if !parameters.contains_key("customer_id") {
            violations.push_parameter("customer_id", "is required");
        }
        let customer = customer.and_then(|text| {
            CustomerId::accept(text)
                .map_err(|error| violations.push_parameter("customer_id", error.to_string()))
                .ok()
        });
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(text) => limit_of(text).unwrap_or_else(|| {
                violations.push_parameter("limit", format!("must be an integer from 1 to {MAX_LIMIT}"));
                DEFAULT_LIMIT
            }),
        };
        // A cursor can be checked only for a customer.
        let after = customer.as_ref().zip(cursor).and_then(|(customer, text)| {
            cursor::decode(customer, text)
                .map_err(|error| violations.push_parameter("cursor", error.to_string()))
                .ok()
        });
        for name in parameters.keys().filter(|name| !KNOWN.contains(*name)) {
            let detail = format!("is not a parameter here; the parameters are {}", KNOWN.join(", "));
            violations.push_parameter(name, detail);
        }
        match customer {
            Some(customer) if violations.is_empty() => Ok(Self {
                customer,
                limit,
                after,
            }),
            _ => Err(violations),
        }
    }
}

/// Only digits: the standard library would also accept `+5`.
fn limit_of(text: &str) -> Option<u16> {
    let limit = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())??;
    (1..=MAX_LIMIT).contains(&limit).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&'static str, &'static str)]) -> Result<ListQuery, String> {
        let mut query: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in parameters {
            query.entry(name).or_default().push(value);
        }
        ListQuery::parse(&query).map_err(|violations| violations.to_string())
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
        customer_id: must consist of visible ASCII characters without spaces; limit: must be an integer from 1 to 100; Limit: is not a parameter here; the parameters are customer_id, limit, cursor; page: is not a parameter here; the parameters are customer_id, limit, cursor
        customer_id: must be given once; cursor: must be given once; limit: must be an integer from 1 to 100
        limit: must be an integer from 1 to 100; cursor: is not a cursor of this customer's list; take next_cursor as it was given, or start without one
        limit: must be an integer from 1 to 100
        limit: must be an integer from 1 to 100
        ");
    }
}
