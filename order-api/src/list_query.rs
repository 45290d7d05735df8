//! The query parameters of `GET /orders`.

use order_core::Violations;
use order_core::text::CustomerId;
use rest_function::parameters::{Parameters, limit as limit_or_default, once, refuse_unknown};

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
    pub(crate) fn parse(parameters: &Parameters<'_>) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let [customer, limit, cursor] = once(parameters, KNOWN, &mut violations);
        if !parameters.contains_key("customer_id") {
            violations.push_parameter("customer_id", "is required");
        }
        let customer = customer.and_then(|text| {
            CustomerId::accept(text)
                .map_err(|error| violations.push_parameter("customer_id", error.to_string()))
                .ok()
        });
        let limit = limit_or_default(limit, DEFAULT_LIMIT, MAX_LIMIT, &mut violations);
        // A cursor can be checked only for a customer.
        let after = customer.as_ref().zip(cursor).and_then(|(customer, text)| {
            cursor::decode(customer, text)
                .map_err(|error| violations.push_parameter("cursor", error.to_string()))
                .ok()
        });
        refuse_unknown(parameters, &KNOWN, &mut violations);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&'static str, &'static str)]) -> Result<ListQuery, String> {
        let mut query = Parameters::new();
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
