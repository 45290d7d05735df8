//! The bill: counted units by their prices.

use cloud_billing::Units;
use serde::{Deserialize, Serialize};

use super::dollars::Dollars;
use super::prices::{Price, Prices};

/// The orders for which one pays in the bill.
const MILLION: u128 = 1_000_000;
/// A GB-second in the unit of the count.
const MEGABYTE_MILLISECONDS: u64 = 1024 * 1000;
/// The line of emails.
const EMAILS: &str = "emails";
/// A GB of logs, in bytes.
const GB: u64 = 1 << 30;

/// The counts: units, and the orders that caused them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) orders: Orders,
    pub(super) units: Units,
}

/// Orders by how far they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orders {
    /// Answered with 202, repeated requests included.
    pub(super) accepted: u64,
    /// Rows that were inserted. The bill is for these.
    pub(super) stored: u64,
    /// Rows that were marked after their email.
    pub(super) notified: u64,
}

/// The things that cost by the month and not by the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Monthly {
    pub(super) polled_queues: u64,
    pub(super) alarm_metrics: u64,
    pub(super) custom_metrics: u64,
}

/// The bill of a run. This is also its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bill {
    pub(super) region: String,
    /// The day on which the oldest price was read.
    pub(super) prices_read_on: String,
    pub(super) orders: Orders,
    pub(super) units: Units,
    pub(super) items: Vec<Item>,
    /// Dollars for a million orders.
    pub(super) usd_per_million: Dollars,
    /// Those of them for emails.
    pub(super) usd_per_million_for_emails: Dollars,
    pub(super) idle_month: IdleMonth,
    pub(super) busy_month: BusyMonth,
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Item {
    pub(super) service: &'static str,
    pub(super) what: &'static str,
    /// The units that were counted, as [`Units`] counts them.
    pub(super) units: u64,
    /// How many of them are one in the table for people.
    #[serde(skip)]
    shown_as_one: u64,
    pub(super) usd_per_million: Dollars,
    /// The page of AWS that states the price.
    source: String,
    /// The day on which the price was read.
    read_on: String,
}

impl Item {
    /// The units as the table shows them, with thousandths, for `orders` orders: `(3, 500)` is 3.5.
    pub(super) fn per(&self, orders: u64) -> (u128, u128) {
        let parts = u128::from(self.shown_as_one.max(1)) * u128::from(orders.max(1));
        let thousandths = (u128::from(self.units) * 1000 + parts / 2) / parts;
        (thousandths / 1000, thousandths % 1000)
    }
}

/// A month without orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct IdleMonth {
    pub(super) usd: Dollars,
    pub(super) polled_queues: u64,
    pub(super) empty_receives: u64,
    pub(super) usd_for_polling: Dollars,
    pub(super) alarm_metrics: u64,
    pub(super) usd_for_alarms: Dollars,
}

/// The cost that a month with orders adds to it, besides the orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct BusyMonth {
    pub(super) usd: Dollars,
    pub(super) custom_metrics: u64,
}

impl Counted {
    /// The counts since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        let (now, then) = (self.orders, earlier.orders);
        Self {
            orders: Orders {
                accepted: now.accepted.saturating_sub(then.accepted),
                stored: now.stored.saturating_sub(then.stored),
                notified: now.notified.saturating_sub(then.notified),
            },
            units: self.units.since(earlier.units),
        }
    }
}

impl Bill {
    /// Multiplies counted units by prices.
    pub(super) fn new(counted: Counted, monthly: Monthly, prices: &Prices) -> Self {
        let items = items(&counted, prices);
        let emails = items.iter().filter(|item| item.what == EMAILS);
        Self {
            region: prices.region.clone(),
            prices_read_on: prices.read_on().to_owned(),
            orders: counted.orders,
            units: counted.units,
            usd_per_million: items.iter().map(|item| item.usd_per_million).sum(),
            usd_per_million_for_emails: emails.map(|item| item.usd_per_million).sum(),
            items,
            idle_month: IdleMonth::new(monthly, prices),
            busy_month: BusyMonth {
                usd: prices.custom_metric_month.of(monthly.custom_metrics, 1),
                custom_metrics: monthly.custom_metrics,
            },
        }
    }

    /// The dollars of each service, in the order of the items.
    pub(super) fn services(&self) -> Vec<(&'static str, Dollars)> {
        let mut services: Vec<(&'static str, Dollars)> = Vec::new();
        for item in &self.items {
            match services.last_mut() {
                Some((service, sum)) if *service == item.service => *sum += item.usd_per_million,
                _ => services.push((item.service, item.usd_per_million)),
            }
        }
        services
    }
}

/// The lines of the bill.
fn items(counted: &Counted, prices: &Prices) -> Vec<Item> {
    let units = counted.units;
    let item = |service, what, units, price: &Price, in_one| Item {
        service,
        what,
        units,
        // Bytes are shown as they are, because an order has few.
        shown_as_one: if in_one == GB { 1 } else { in_one },
        usd_per_million: price
            .of(units, in_one)
            .times(MILLION, counted.orders.stored.into()),
        source: price.source.clone(),
        read_on: price.read_on.clone(),
    };
    let lambda = units.lambda_megabyte_milliseconds;
    let (writes, indexes) = (units.dynamodb_write_units, units.dynamodb_index_write_units);
    let emails = item("SNS", EMAILS, units.sns_emails, &prices.sns_email, 1);
    vec![
        item(
            "API Gateway",
            "requests",
            units.api_requests,
            &prices.api_request,
            1,
        ),
        item(
            "Lambda",
            "requests",
            units.lambda_requests,
            &prices.lambda_request,
            1,
        ),
        item(
            "Lambda",
            "GB-seconds",
            lambda,
            &prices.lambda_gb_second,
            MEGABYTE_MILLISECONDS,
        ),
        item(
            "SQS",
            "requests of 64 KB",
            units.sqs_requests,
            &prices.sqs_request,
            1,
        ),
        item(
            "SQS",
            "with a message group",
            units.sqs_grouped_requests,
            &prices.sqs_grouped_request,
            1,
        ),
        item(
            "DynamoDB",
            "write units of tables",
            writes,
            &prices.dynamodb_write_unit,
            1,
        ),
        item(
            "DynamoDB",
            "write units of indexes",
            indexes,
            &prices.dynamodb_write_unit,
            1,
        ),
        item(
            "DynamoDB",
            "read units",
            units.dynamodb_read_half_units,
            &prices.dynamodb_read_unit,
            2,
        ),
        item(
            "SNS",
            "requests of 64 KB",
            units.sns_requests,
            &prices.sns_request,
            1,
        ),
        emails,
        item(
            "CloudWatch Logs",
            "bytes of Lambda",
            units.lambda_log_bytes,
            &prices.log_gb,
            GB,
        ),
        item("CloudWatch Logs", "bytes", units.log_bytes, &prices.log_gb, GB),
    ]
}

impl IdleMonth {
    fn new(monthly: Monthly, prices: &Prices) -> Self {
        let empty_receives = prices.idle_polling.receives(monthly.polled_queues);
        let usd_for_polling = prices.sqs_request.of(empty_receives, 1);
        let usd_for_alarms = prices.alarm_metric_month.of(monthly.alarm_metrics, 1);
        Self {
            usd: [usd_for_polling, usd_for_alarms].into_iter().sum(),
            polled_queues: monthly.polled_queues,
            empty_receives,
            usd_for_polling,
            alarm_metrics: monthly.alarm_metrics,
            usd_for_alarms,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run of 1,000 orders in batches of ten, each with an email.
    pub(in super::super) fn example() -> Bill {
        let units = Units {
            api_requests: 1000,
            lambda_requests: 1200,
            lambda_milliseconds: 6000,
            lambda_megabyte_milliseconds: 6000 * 256,
            sqs_requests: 1400,
            sqs_grouped_requests: 1200,
            sqs_empty_receives: 17,
            sns_requests: 1100,
            sns_emails: 1000,
            dynamodb_write_units: 2000,
            dynamodb_index_write_units: 2000,
            dynamodb_read_half_units: 3,
            log_bytes: 1000 * 650,
            lambda_log_bytes: 1200 * 428,
        };
        let orders = Orders {
            accepted: 1000,
            stored: 1000,
            notified: 1000,
        };
        let monthly = Monthly {
            polled_queues: 4,
            alarm_metrics: 40,
            custom_metrics: 20,
        };
        Bill::new(Counted { orders, units }, monthly, &Prices::read(None).unwrap())
    }

    /// The sums of the price pages, by hand: 3.50 for a million requests, 20 for a million emails, 0.625 for a million writes.
    #[test]
    fn a_million_orders_cost_the_units_of_an_order_a_million_times() {
        let bill = example();
        let services: Vec<(&str, String)> = bill
            .services()
            .into_iter()
            .map(|(service, usd)| (service, usd.to_string()))
            .collect();
        let expected = [
            ("API Gateway", "3.50"),
            // 1.2 x 0.20, and 6 ms x 0.25 GB x 13.3334 a second and million.
            ("Lambda", "0.26"),
            // 1.4 x 0.40 + 1.2 x 0.10
            ("SQS", "0.68"),
            ("DynamoDB", "2.50"),
            // 1.1 x 0.50 + 20
            ("SNS", "20.55"),
            // 1,164 bytes x 0.50 / 2^30
            ("CloudWatch Logs", "0.54"),
        ];
        assert_eq!(services, expected.map(|(service, usd)| (service, usd.to_owned())));
        assert_eq!(bill.usd_per_million.to_string(), "28.03");
        assert_eq!(bill.usd_per_million_for_emails.to_string(), "20.00");
    }

    #[test]
    fn an_idle_month_costs_polls_and_alarms() {
        let idle = example().idle_month;
        // 4 queues x 657,000 x 0.40 a million, and 40 x 0.10.
        assert_eq!(
            (idle.empty_receives, idle.usd.to_string().as_str()),
            (2_628_000, "5.05")
        );
        assert_eq!(example().busy_month.usd.to_string(), "6.00");
    }

    #[test]
    fn a_bill_between_two_points_has_the_difference() {
        let Bill { orders, units, .. } = example();
        let counted = Counted { orders, units };
        let nothing = counted.since(counted);
        assert_eq!(nothing, Counted::default());
        assert_eq!(counted.since(Counted::default()), counted);
    }

    /// `--since` reads what `--json` writes.
    #[test]
    fn the_json_of_a_bill_has_what_was_counted() {
        let bill = example();
        let json = serde_json::to_string(&bill).unwrap();
        let read: Counted = serde_json::from_str(&json).unwrap();
        assert_eq!((read.orders, read.units), (bill.orders, bill.units));
    }
}
