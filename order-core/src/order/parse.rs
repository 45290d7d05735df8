//! Parses an [`Order`] and reports every violation at once.

use json_document::Value;

use super::door::Door;
use super::{Customer, Item, MAX_ITEMS, MAX_METADATA_ENTRIES, Metadata, Order};
use crate::currency::Currency;
use crate::fields::{Fields, integer};
use crate::money::{Money, MoneyError};
use crate::pointer::Pointer;
use crate::text::{
    CustomerId, CustomerName, EmailAddress, ItemName, MetadataName, MetadataValue, Note, Reference, Sku,
};
use crate::violation::{Violations, shortened};
use timestamp::Timestamp;

impl Order {
    /// Reads a new order by today's rules, which are those of the moment `on`: `customer`, `currency`, `items`, and optionally
    /// `total` (which must match), `note`, `reference` and `metadata`. The error lists every violation with its JSON pointer.
    pub fn accept<'a>(document: impl Into<Value<'a>>, on: Timestamp) -> Result<Self, Violations> {
        Self::parse(&document.into(), Door::Accept(on))
    }

    /// Reads an order that was accepted before, perhaps by other rules. Checks the structure only: the fields, their JSON types,
    /// the decimals of the amounts, and the total. The caller compares the fingerprint, where there is one.
    pub fn restore<'a>(document: impl Into<Value<'a>>) -> Result<Self, Violations> {
        Self::parse(&document.into(), Door::Restore)
    }

    /// The same, for a reader that needs not the whole order: fields that a later version added are ignored.
    pub fn restore_known<'a>(document: impl Into<Value<'a>>) -> Result<Self, Violations> {
        Self::parse(&document.into(), Door::RestoreKnown)
    }

    /// Reads an order by the rules of a door.
    pub(crate) fn parse(document: &Value<'_>, door: Door) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let order = parse_order(document, door, &mut violations);
        match order {
            Some(order) if violations.is_empty() => Ok(order),
            _ => Err(violations),
        }
    }
}

fn parse_order(document: &Value<'_>, door: Door, violations: &mut Violations) -> Option<Order> {
    let mut fields = Fields::of(document, Pointer::WHOLE, violations)?;
    let customer = fields
        .required("customer", violations)
        .and_then(|value| parse_customer(value, door, violations));
    let currency = parse_currency(&mut fields, door, violations);
    let items = match fields.required("items", violations) {
        Some(value) => parse_items(value, door, currency, violations),
        None => None,
    };
    let claimed_total = fields.optional("total");
    let note = fields.optional_text("note", door.text(Note::accept, Note::restore), violations);
    let reference = fields.optional_text(
        "reference",
        door.text(Reference::accept, Reference::restore),
        violations,
    );
    let metadata = match fields.optional("metadata") {
        Some(value) => parse_metadata(value, door, violations),
        None => Some(Metadata::new()),
    };
    door.finish(fields, violations);

    let total = match (&items, currency) {
        (Some(items), Some(currency)) => sum_items(items, currency, violations),
        _ => None,
    };
    if let Some(value) = claimed_total {
        check_total(value, currency, total, violations);
    }
    Some(Order {
        customer: customer?,
        currency: currency?,
        items: items?,
        note: note.ok()?,
        reference: reference.ok()?,
        metadata: metadata?,
        total: total?,
    })
}

fn parse_metadata(value: &Value<'_>, door: Door, violations: &mut Violations) -> Option<Metadata> {
    let metadata = Pointer::At("/metadata");
    let Value::Object(entries) = value else {
        violations.push(metadata, "must be an object");
        return None;
    };
    if !door.allows_metadata(entries.len()) {
        violations.push(
            metadata,
            format!("must have at most {MAX_METADATA_ENTRIES} entries"),
        );
        return None;
    }
    let entries: Vec<Option<(MetadataName, MetadataValue)>> = entries
        .iter()
        .map(|(name, value)| {
            let mut refuse = |detail: String| {
                violations.push(Pointer::Member(&metadata, &shortened(name)), detail);
            };
            let Value::String(text) = value else {
                refuse("must be a string".to_owned());
                return None;
            };
            let name = door.text(MetadataName::accept, MetadataName::restore)(name);
            let value = door.text(MetadataValue::accept, MetadataValue::restore)(text);
            match (name, value) {
                (Ok(name), Ok(value)) => Some((name, value)),
                (Err(error), _) | (_, Err(error)) => {
                    refuse(error.to_string());
                    None
                }
            }
        })
        .collect();
    entries.into_iter().collect()
}

fn parse_customer(value: &Value<'_>, door: Door, violations: &mut Violations) -> Option<Customer> {
    let mut fields = Fields::of(value, Pointer::At("/customer"), violations)?;
    let id = fields.required_text(
        "id",
        door.text(CustomerId::accept, CustomerId::restore),
        violations,
    );
    let email = fields.optional_text(
        "email",
        door.text(EmailAddress::accept, EmailAddress::restore),
        violations,
    );
    let name = fields.optional_text(
        "name",
        door.text(CustomerName::accept, CustomerName::restore),
        violations,
    );
    door.finish(fields, violations);
    Some(Customer {
        id: id?,
        email: email.ok()?,
        name: name.ok()?,
    })
}

fn parse_currency(fields: &mut Fields<'_>, door: Door, violations: &mut Violations) -> Option<Currency> {
    let value = fields.required("currency", violations)?;
    let Value::String(text) = value else {
        violations.push(fields.pointer("currency"), "must be a string");
        return None;
    };
    door.currency(text)
        .map_err(|error| violations.push(fields.pointer("currency"), error.to_string()))
        .ok()
}

fn parse_items(
    value: &Value<'_>,
    door: Door,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Option<Vec<Item>> {
    let Value::Array(values) = value else {
        violations.push("/items", "must be an array");
        return None;
    };
    if !door.allows_items(values.len()) {
        violations.push("/items", format!("must have 1 to {MAX_ITEMS} items"));
        return None;
    }
    let items: Vec<Option<Item>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| parse_item(value, index, door, currency, violations))
        .collect();
    items.into_iter().collect()
}

fn parse_item(
    value: &Value<'_>,
    index: usize,
    door: Door,
    currency: Option<Currency>,
    violations: &mut Violations,
) -> Option<Item> {
    let items = Pointer::At("/items");
    let mut fields = Fields::of(value, Pointer::Element(&items, index), violations)?;
    let sku = fields.required_text("sku", door.text(Sku::accept, Sku::restore), violations);
    let name = fields.optional_text("name", door.text(ItemName::accept, ItemName::restore), violations);
    let quantity = match fields.required("quantity", violations) {
        Some(value) => door
            .quantity(integer(value))
            .map_err(|rule| violations.push(fields.pointer("quantity"), rule))
            .ok(),
        None => None,
    };
    let unit_price = match fields.required("unit_price", violations) {
        Some(value) => parse_amount(value, fields.pointer("unit_price"), currency, violations),
        None => None,
    };
    door.finish(fields, violations);
    Some(Item {
        sku: sku?,
        name: name.ok()?,
        quantity: quantity?,
        unit_price: unit_price?,
    })
}

/// Without a currency only the JSON type can be checked; the currency's own violation is in the list.
fn parse_amount(
    value: &Value<'_>,
    at: Pointer<'_>,
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
        sum.plus(item.unit_price.times(item.quantity.get())?)
    });
    sum.map_err(|error: MoneyError| violations.push("/items", format!("their total: {error}")))
        .ok()
}

fn check_total(
    value: &Value<'_>,
    currency: Option<Currency>,
    computed: Option<Money>,
    violations: &mut Violations,
) {
    let at = Pointer::At("/total");
    let claimed = parse_amount(value, at, currency, violations);
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
    use serde_json::{Value, json};

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

    fn accept(document: &Value) -> Result<Order, Violations> {
        Order::accept(document, "2026-11-23T09:35:00.123Z".parse().unwrap())
    }

    fn listed(document: &Value) -> String {
        let violations = accept(document).unwrap_err();
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
        let order = accept(&valid()).unwrap();
        assert_eq!(order.total().decimal(), "29.95");
        assert_eq!(order.items().len(), 2);
        assert_eq!(order.customer().name.as_ref().unwrap().as_str(), "Ada Lovelace");
        assert_eq!(order.note().unwrap().as_str(), "Leave it at the door 🚪");
    }

    #[test]
    fn the_total_may_be_left_out_but_not_wrong() {
        let mut document = valid();
        document.as_object_mut().unwrap().remove("total");
        assert!(accept(&document).is_ok());
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
        /coupon  is not a field here; the fields are customer, currency, items, total, note, reference, metadata
        /total  must be a decimal string in EUR with 2 decimals, for example "12.50"
        "#);
    }

    #[test]
    fn a_reference_and_metadata_are_read() {
        let mut document = valid();
        document["reference"] = json!("PO 2026/17");
        document["metadata"] = json!({"channel": "web", "utm.source": "Übersicht"});
        let order = accept(&document).unwrap();
        assert_eq!(order.reference().unwrap().as_str(), "PO 2026/17");
        assert_eq!(order.metadata().len(), 2);
        assert_eq!(serde_json::to_value(&order).unwrap(), document);
    }

    #[test]
    fn metadata_is_bounded_and_holds_texts() {
        let mut document = valid();
        document["reference"] = json!(7);
        document["metadata"] = json!({"a b": "x", "n": 1, "o": {}, "p": "", "q": "a\nb", "r/s": "x"});
        assert_snapshot!(listed(&document), @r#"
        /reference  must be a string
        /metadata/a b  must be named by 1 to 40 letters, digits, "_", "-" and "."
        /metadata/n  must be a string
        /metadata/o  must be a string
        /metadata/p  must have 1 to 500 characters
        /metadata/q  must not hold line breaks, control characters or characters that reverse the direction of writing
        /metadata/r~1s  must be named by 1 to 40 letters, digits, "_", "-" and "."
        "#);
        document["reference"] = json!("r".repeat(101));
        let entries = |count: usize| (0..count).map(|index| (format!("n{index}"), json!("v")));
        document["metadata"] = entries(21).collect::<serde_json::Map<_, _>>().into();
        assert_snapshot!(listed(&document), @r"
        /reference  must have 1 to 100 characters
        /metadata  must have at most 20 entries
        ");
        document["reference"] = json!("r");
        document["metadata"] = entries(20).collect::<serde_json::Map<_, _>>().into();
        assert!(accept(&document).is_ok());
        document["metadata"] = json!("x");
        assert_snapshot!(listed(&document), @"/metadata  must be an object");
    }

    #[test]
    fn a_quantity_is_an_integer_however_it_is_written() {
        let mut document = valid();
        for (text, quantity) in [
            ("2.0", Some(2)),
            ("2e0", Some(2)),
            ("1E4", Some(10_000)),
            ("2.5", None),
            ("-0.0", None),
            ("1e5", None),
            ("1e300", None),
        ] {
            document["items"][0]["quantity"] = serde_json::from_str(text).unwrap();
            document.as_object_mut().unwrap().remove("total");
            let read = accept(&document)
                .ok()
                .map(|order| order.items()[0].quantity.get());
            assert_eq!(read, quantity, "{text}");
        }
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
            assert_eq!(accept(&document).is_ok(), accepted, "{count}");
        }
    }
}
