//! The bill for people.

use terminal::table::format_table;

use super::bill::{Bill, Item};

/// Formats the bill.
pub(super) fn format(bill: &Bill) -> String {
    let stored = bill.orders.stored;
    let mut rows: Vec<[String; 5]> = bill.items.iter().map(|item| row(item, stored)).collect();
    rows.push(total("all", "", bill.usd_per_million.to_string()));
    for (service, usd) in bill.services() {
        rows.push(total("", service, usd.to_string()));
    }
    let head = ["SERVICE", "BILLED", "UNITS", "OF AN ORDER", "USD"];
    let table = format_table(head, &rows);
    let unfinished = stored.saturating_sub(bill.orders.notified);
    let warning = if unfinished == 0 {
        String::new()
    } else {
        format!(
            "\n{unfinished} stored orders are not marked as notified, so their emails may be missing here.\n"
        )
    };
    let (idle, busy, units) = (bill.idle_month, bill.busy_month, bill.units);
    format!(
        "One million orders, by what {stored} stored orders used, at the list prices of {region} (read on {read_on}), in US dollars:\n\n\
         {table}\n\
         {warning}\n\
         An idle month: {idle_usd}. Lambda polls {queues} queues ({receives} empty receives: {polling}), and alarms watch {alarms} \
         metrics ({alarms_usd}).\n\
         A month with orders adds {busy_usd} for {custom} custom metrics.\n\n\
         Measured on this machine: {milliseconds} ms of functions, which take another time on AWS. Counted by AWS's rules: everything else.\n\
         Constants: the prices, Lambda's polling of idle queues, and the length of Lambda's own log lines. Not counted: {empty} empty \
         receives of this run, which time causes and not orders; stored data; free tiers.",
        region = bill.region,
        read_on = bill.prices_read_on,
        idle_usd = idle.usd,
        queues = idle.polled_queues,
        receives = idle.empty_receives,
        polling = idle.usd_for_polling,
        alarms = idle.alarm_metrics,
        alarms_usd = idle.usd_for_alarms,
        busy_usd = busy.usd,
        custom = busy.custom_metrics,
        milliseconds = units.lambda_milliseconds,
        empty = units.sqs_empty_receives,
    )
}

fn row(item: &Item, orders: u64) -> [String; 5] {
    let number = |(whole, thousandths): (u128, u128)| match thousandths {
        0 => whole.to_string(),
        thousandths => format!("{whole}.{thousandths:03}"),
    };
    [
        item.service.to_owned(),
        item.what.to_owned(),
        number(item.per(1)),
        number(item.per(orders)),
        item.usd_per_million.to_string(),
    ]
}

fn total(service: &str, what: &str, usd: String) -> [String; 5] {
    [
        service.to_owned(),
        what.to_owned(),
        String::new(),
        String::new(),
        usd,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::bill::tests::example;
    use super::*;

    #[test]
    fn a_bill_names_its_units_prices_and_what_is_measured() {
        insta::assert_snapshot!(format(&example()));
    }

    #[test]
    fn orders_without_an_email_are_named() {
        let mut bill = example();
        bill.orders.notified = 990;
        assert!(format(&bill).contains("10 stored orders are not marked as notified"));
    }
}
