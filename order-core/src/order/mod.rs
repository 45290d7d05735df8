//! An order: the customer, the items and their prices.

mod document;
pub(crate) mod door;
mod metadata;
mod parse;
#[cfg(test)]
mod properties;

pub use metadata::{MAX_METADATA_ENTRIES, Metadata, MetadataDocument};

use crate::currency::Currency;
use crate::money::Money;
use crate::text::{CustomerId, CustomerName, EmailAddress, ItemName, Note, Reference, Sku};

/// The most items of a new order. With [`MAX_BODY_BYTES`] it keeps an order below the limits of queue, topic and table.
pub const MAX_ITEMS: usize = 100;

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// An order that is valid, or that was when it was accepted. Its content never changes: the accepted order is the stored one.
///
/// There are two doors to this type. [`Order::accept`] takes a new order by today's rules. [`Order::restore`] takes one back
/// from a message or a row. It checks the structure only, so that a tightened limit or a withdrawn currency leaves no stored
/// order unreadable; the fingerprint shows that the content is the accepted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    customer: Customer,
    currency: Currency,
    items: Vec<Item>,
    note: Option<Note>,
    reference: Option<Reference>,
    metadata: Metadata,
    total: Money,
}

/// Who ordered. Everything but the id is personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The shop's own identifier.
    pub id: CustomerId,
    /// Where the shop can reach the customer.
    pub email: Option<EmailAddress>,
    /// The customer's name.
    pub name: Option<CustomerName>,
}

/// One item of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The stock keeping unit.
    pub sku: Sku,
    /// The item's name for people.
    pub name: Option<ItemName>,
    /// How many.
    pub quantity: Quantity,
    /// The price of one, in the order's currency.
    pub unit_price: Money,
}

/// How many of an item: 1 to 10,000 in a new order, and at least 1 in a stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(u32);

impl Quantity {
    /// The largest quantity in a new order.
    pub const MAX: u32 = 10_000;

    /// Checks the bounds of a new order.
    #[must_use]
    pub fn accept(quantity: u64) -> Option<Self> {
        Self::restore(quantity).filter(|quantity| quantity.0 <= Self::MAX)
    }

    /// The quantity of an order that was accepted before, perhaps by another bound.
    #[must_use]
    pub fn restore(quantity: u64) -> Option<Self> {
        u32::try_from(quantity)
            .ok()
            .filter(|quantity| *quantity >= 1)
            .map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Order {
    /// Who ordered.
    #[must_use]
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// The currency of all prices.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The items: 1 to [`MAX_ITEMS`] in a new order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The customer's note.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// The caller's own name of the order. It need not be unique.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    /// The caller's own data, up to [`MAX_METADATA_ENTRIES`] entries in a new order.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether the order has a field that version 1 of its forms cannot hold.
    pub(crate) fn needs_version_2(&self) -> bool {
        self.reference.is_some() || !self.metadata.is_empty()
    }

    /// The sum over the items of quantity times unit price.
    #[must_use]
    pub fn total(&self) -> Money {
        self.total
    }
}
