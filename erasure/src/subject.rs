//! The subject of an erasure: one order, or all orders of a customer.

use std::fmt;

use order_core::OrderId;
use order_core::text::CustomerId;
use serde_json::{Value, json};
use terminal::text::sanitize_line;

/// One order, or one customer.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Subject {
    /// The order with this id, also if it is not stored yet
    #[arg(long, value_name = "ID", value_parser = |text: &str| text.to_ascii_lowercase().parse::<OrderId>())]
    order: Option<OrderId>,
    /// All orders of this customer
    #[arg(long, value_name = "ID", value_parser = |text: &str| Ok::<_, std::convert::Infallible>(CustomerId::restore(text)))]
    customer: Option<CustomerId>,
}

impl Subject {
    pub(crate) fn of_customer(customer: CustomerId) -> Self {
        Self {
            order: None,
            customer: Some(customer),
        }
    }

    pub(crate) fn order(&self) -> Option<OrderId> {
        self.order
    }

    pub(crate) fn customer(&self) -> Option<&CustomerId> {
        self.customer.as_ref()
    }

    /// The subject as an audit line records it: that an erasure was asked for, and of what, stays known.
    pub(crate) fn record(&self) -> Value {
        match &self.customer {
            Some(customer) => json!({ "customer_id": customer.as_str() }),
            None => json!({ "order_id": self.order }),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.customer, self.order) {
            (Some(customer), _) => write!(formatter, "customer {}", sanitize_line(customer.as_str())),
            (None, Some(order)) => write!(formatter, "order {order}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct TestCommand {
        #[command(flatten)]
        subject: Subject,
    }

    const ID: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";

    fn parse(arguments: &[&str]) -> Result<Subject, clap::Error> {
        TestCommand::try_parse_from(["x"].iter().chain(arguments)).map(|command| command.subject)
    }

    #[test]
    fn it_is_one_order_or_one_customer() {
        let order = parse(&["--order", ID]).unwrap();
        assert_eq!(order.record(), json!({ "order_id": ID }));
        let customer = parse(&["--customer", "c-42"]).unwrap();
        assert_eq!(customer.record(), json!({ "customer_id": "c-42" }));
        for wrong in [&[][..], &["--order", "42"], &["--order", ID, "--customer", "c"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
