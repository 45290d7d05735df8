//! Writes an [`Order`] in the JSON form that [`Order::accept`] and [`Order::restore`] read.
//!
//! Each object's fields are sorted by name, as in every message and event that was ever written. The API shows a customer and an item with the
//! fields in another order.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::metadata::MetadataDocument;
use super::{Customer, Item, Order};

impl Serialize for Order {
    /// Always with `total`, so that every reader sees the same sum. Optional fields only if they are set.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut order = serializer.serialize_struct("Order", 7)?;
        order.serialize_field("currency", self.currency.code())?;
        order.serialize_field("customer", &SortedCustomer(&self.customer))?;
        order.serialize_field("items", &SortedItems(&self.items))?;
        if !self.metadata.is_empty() {
            order.serialize_field("metadata", &MetadataDocument(&self.metadata))?;
        }
        if let Some(note) = &self.note {
            order.serialize_field("note", note.as_str())?;
        }
        if let Some(reference) = &self.reference {
            order.serialize_field("reference", reference.as_str())?;
        }
        order.serialize_field("total", &self.total.decimal())?;
        order.end()
    }
}

struct SortedCustomer<'a>(&'a Customer);

impl Serialize for SortedCustomer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Customer { id, email, name } = self.0;
        let length = 1 + usize::from(email.is_some()) + usize::from(name.is_some());
        let mut customer = serializer.serialize_struct("Customer", length)?;
        if let Some(email) = email {
            customer.serialize_field("email", email.as_str())?;
        }
        customer.serialize_field("id", id.as_str())?;
        if let Some(name) = name {
            customer.serialize_field("name", name.as_str())?;
        }
        customer.end()
    }
}

struct SortedItems<'a>(&'a [Item]);

impl Serialize for SortedItems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(SortedItem))
    }
}

struct SortedItem<'a>(&'a Item);

impl Serialize for SortedItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Item {
            sku,
            name,
            quantity,
            unit_price,
        } = self.0;
        let mut item = serializer.serialize_struct("Item", 3 + usize::from(name.is_some()))?;
        if let Some(name) = name {
            item.serialize_field("name", name.as_str())?;
        }
        item.serialize_field("quantity", &quantity.get())?;
        item.serialize_field("sku", sku.as_str())?;
        item.serialize_field("unit_price", &unit_price.decimal())?;
        item.end()
    }
}

impl Serialize for Customer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = 1 + usize::from(self.email.is_some()) + usize::from(self.name.is_some());
        let mut customer = serializer.serialize_struct("Customer", length)?;
        customer.serialize_field("id", self.id.as_str())?;
        if let Some(email) = &self.email {
            customer.serialize_field("email", email.as_str())?;
        }
        if let Some(name) = &self.name {
            customer.serialize_field("name", name.as_str())?;
        }
        customer.end()
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_struct("Item", 3 + usize::from(self.name.is_some()))?;
        item.serialize_field("sku", self.sku.as_str())?;
        if let Some(name) = &self.name {
            item.serialize_field("name", name.as_str())?;
        }
        item.serialize_field("quantity", &self.quantity.get())?;
        item.serialize_field("unit_price", &self.unit_price.decimal())?;
        item.end()
    }
}
