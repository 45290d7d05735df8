//! Parses an [`Order`] and reports every violation at once.

use serde_json::Value;

use super::{Customer, Item, MAX_ITEMS, Order, Quantity};
use crate::fields::Fields;
use crate::money::{Currency, Money, MoneyError};
use crate::text::{CustomerId, CustomerName, EmailAddress, ItemName, Note, Sku};
use crate::violation::Violations;

impl Order {
    /// Parses the JSON form of an order: `customer`, `currency`, `items`, and optionally `total` (which must match)
    /// and `note`. The error lists every violation with its JSON pointer.
    pub fn parse(document: &Value) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let order = parse_order(document, &mut violations);
        match order {
            Some(order) if violations.is_empty() => Ok(order),
            _ => Err(violations),
        }
    }
}

fn parse_order(document: &Value, violations: &mut Violations) -> Option<Order> {
    let mut fields = Fields::of(document, String::new(), violations)?;
    let customer = fields
        .required("customer", violations)
        .and_then(|value| parse_customer(value, violations));
    let currency = parse_currency(&mut fields, violations);
    let items = match fields.required("items", violations) {
        Some(value) => parse_items(value, currency, violations),
        None => None,
    };
    let claimed_total = fields
        .optional("total")
        .map(|value| (value, fields.pointer("total")));
    let note = fields.optional_text("note", Note::parse, violations);
    fields.finish(violations);

    let total = match (&items, currency) {
        (Some(items), Some(currency)) => sum_items(items, currency, violations),
        _ => None,
    };
    if let Some((value, at)) = claimed_total {
        check_total(value, at, currency, total, violations);
    }
    Some(Order {
        customer: customer?,
        currency: currency?,
        items: items?,
        note: note.ok()?,
        total: total?,
    })
}

fn parse_customer(value: &Value, violations: &mut Violations) -> Option<Customer> {
    let mut fields = Fields::of(value, "/customer".to_owned(), violations)?;
    let id = fields.required_text("id", CustomerId::parse, violations);
    let email = fields.optional_text("email", EmailAddress::parse, violations);
    let name = fields.optional_text("name", CustomerName::parse, violations);
    fields.finish(violations);
    Some(Customer {
        id: id?,
        email: email.ok()?,
        name: name.ok()?,
    })
}

fn parse_currency(fields: &mut Fields<'_>, violations: &mut Violations) -> Option<Currency> {
    let value = fields.required("currency", violations)?;
    let at = fields.pointer("currency");
    let Value::String(text) = value else {
        violations.push(at, "must be a string");
        return None;
    };
    text.parse()
        .map_err(|error: crate::money::CurrencyError| violations.push(at, error.to_string()))
        .ok()
}

fn parse_items(value: &Value, currency: Option<Currency>, violations: &mut Violations) -> Option<Vec<Item>> {
    let Value::Array(values) = value else {
        violations.push("/items", "must be an array");
        return None;
    };
    if values.is_empty() || values.len() > MAX_ITEMS {
        violations.push("/items", format!("must have 1 to {MAX_ITEMS} items"));
        return None;
    }
    let items: Vec<Option<Item>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| parse_item(value, index, currency, violations))
        .collect();
    items.into_iter().collect()
}

fn parse_item(
    value: &Value,
    index: usize,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Option<Item> {
    let mut fields = Fields::of(value, format!("/items/{index}"), violations)?;
    let sku = fields.required_text("sku", Sku::parse, violations);
    let name = fields.optional_text("name", ItemName::parse, violations);
    let quantity = match fields.required("quantity", violations) {
        Some(value) => {
            let quantity = value.as_u64().and_then(Quantity::new);
            if quantity.is_none() {
                violations.push(
                    fields.pointer("quantity"),
                    format!("must be an integer from 1 to {}", Quantity::MAX),
                );
            }
            quantity
        }
        None => None,
    };
    let unit_price = match fields.required("unit_price", violations) {
        Some(value) => parse_amount(value, fields.pointer("unit_price"), currency, violations),
        None => None,
    };
    fields.finish(violations);
    Some(Item {
        sku: sku?,
        name: name.ok()?,
        quantity: quantity?,
        unit_price: unit_price?,
    })
}

/// Without a currency only the JSON type can be checked; the currency's own violation is in the list.
fn parse_amount(
    value: &Value,
    at: String,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Option<Money> {
    let Value::String(text) = value else {
        violations.push(
            at,
            "must be a decimal string, for example \"12.50\"; numbers are refused as they can round",
        );
        return None;
    };
    Money::parse(text, currency?)
        .map_err(|error| violations.push(at, error.to_string()))
        .ok()
}

fn sum_items(items: &[Item], currency: Currency, violations: &mut Violations) -> Option<Money> {
    let sum = items.iter().try_fold(Money::zero(currency), |sum, item| {
        sum.plus(item.unit_price.times(u32::from(item.quantity.get()))?)
    });
    sum.map_err(|error: MoneyError| violations.push("/items", format!("their total: {error}")))
        .ok()
}

fn check_total(
    value: &Value,
    at: String,
    currency: Option<Currency>,
    computed: Option<Money>,
    violations: &mut Violations,
) {
    let claimed = parse_amount(value, at.clone(), currency, violations);
    if let (Some(claimed), Some(computed)) = (claimed, computed)
        && claimed != computed
    {
        violations.push(
            at,
            format!(
                "does not match the items, which sum to \"{}\"",
                computed.decimal()
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn valid() -> Value {
        json!({
            "customer": {"id": "c-42", "email": "ada@example.com", "name": "Ada Lovelace"},
            "currency": "EUR",
            "items": [
                {"sku": "MUG-01", "name": "Mug", "quantity": 2, "unit_price": "12.50"},
                {"sku": "TEA-07", "quantity": 1, "unit_price": "4.95"},
            ],
            "total": "29.95",
            "note": "Leave it at the door 🚪"
        })
    }

    fn listed(document: &Value) -> String {
        let violations = Order::parse(document).unwrap_err();
        let lines: Vec<String> = violations
            .as_slice()
            .iter()
            .map(|v| format!("{}  {}", v.location, v.detail))
            .collect();
        lines.join(
            "
",
        )
    }

    #[test]
    fn a_valid_order_is_read_whole() {
        let order = Order::parse(&valid()).unwrap();
        assert_eq!(order.total().decimal(), "29.95");
        assert_eq!(order.items().len(), 2);
        assert_eq!(order.customer().name.as_ref().unwrap().as_str(), "Ada Lovelace");
        assert_eq!(order.note().unwrap().as_str(), "Leave it at the door 🚪");
    }

    #[test]
    fn the_total_may_be_left_out_but_not_wrong() {
        let mut document = valid();
        document.as_object_mut().unwrap().remove("total");
        assert!(Order::parse(&document).is_ok());
        document["total"] = json!("29.94");
        assert_snapshot!(listed(&document), @r#"/total  does not match the items, which sum to "29.95""#);
    }

    #[test]
    fn every_violation_is_listed_at_once() {
        let document = json!({
            "customer": {"email": "nowhere", "name": "a\nb", "vip": true},
            "currency": "EUR",
            "items": [
                {"sku": "a b", "quantity": 0, "unit_price": 12.5},
                {"sku": "B", "quantity": 1.5, "unit_price": "1.5", "colour/size": "red"},
                7,
            ],
            "total": "1",
            "note": null,
            "coupon": "X"
        });
        assert_snapshot!(listed(&document), @r#"
        /customer/id  is required
        /customer/email  must be an email address, for example "ada@example.com"
        /customer/name  must not hold line breaks, control characters or characters that reverse the direction of writing
        /customer/vip  is not a field here; the fields are id, email, name
        /items/0/sku  must consist of visible ASCII characters without spaces
        /items/0/quantity  must be an integer from 1 to 10000
        /items/0/unit_price  must be a decimal string, for example "12.50"; numbers are refused as they can round
        /items/1/quantity  must be an integer from 1 to 10000
        /items/1/unit_price  must be a decimal string in EUR with 2 decimals, for example "12.50"
        /items/1/colour~1size  is not a field here; the fields are sku, name, quantity, unit_price
        /items/2  must be an object
        /note  must be a string
        /coupon  is not a field here; the fields are customer, currency, items, total, note
        /total  must be a decimal string in EUR with 2 decimals, for example "12.50"
        "#);
    }

    #[test]
    fn missing_fields_are_named() {
        assert_snapshot!(listed(&json!({})), @r"
        /customer  is required
        /currency  is required
        /items  is required
        ");
        assert_snapshot!(listed(&json!([])), @"  must be an object");
    }

    #[test]
    fn a_sum_that_cannot_be_held_is_a_violation() {
        let mut document = valid();
        document["items"][0]["unit_price"] = json!("92233720368547758.07");
        document.as_object_mut().unwrap().remove("total");
        assert_snapshot!(listed(&document), @"/items  their total: the amount is too large to be held exactly");
    }

    #[test]
    fn the_number_of_items_is_bounded() {
        let mut document = valid();
        document.as_object_mut().unwrap().remove("total");
        for (count, accepted) in [(0, false), (1, true), (100, true), (101, false)] {
            document["items"] = json!(vec![
                json!({"sku": "A", "quantity": 1, "unit_price": "1.00"});
                count
            ]);
            assert_eq!(Order::parse(&document).is_ok(), accepted, "{count}");
        }
    }
}
