//! Writes an [`Order`] in the JSON form that [`Order::accept`] and [`Order::restore`] read.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::metadata::MetadataDocument;
use super::{Customer, Item, Order};

impl Serialize for Order {
    /// Always with `total`, so that every reader sees the same sum. Optional fields only if they are set.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut order = serializer.serialize_struct("Order", 7)?;
        order.serialize_field("customer", &self.customer)?;
        order.serialize_field("currency", self.currency.code())?;
        order.serialize_field("items", &self.items)?;
        order.serialize_field("total", &self.total.decimal())?;
        if let Some(note) = &self.note {
            order.serialize_field("note", note.as_str())?;
        }
        if let Some(reference) = &self.reference {
            order.serialize_field("reference", reference.as_str())?;
        }
        if !self.metadata.is_empty() {
            order.serialize_field("metadata", &MetadataDocument(&self.metadata))?;
        }
        order.end()
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
