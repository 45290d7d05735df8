//! An order: who buys what at which price.

mod document;
mod parse;
#[cfg(test)]
mod properties;

use crate::money::{Currency, Money};
use crate::text::{CustomerId, CustomerName, EmailAddress, ItemName, Note, Sku};

/// The most items of one order. With [`MAX_BODY_BYTES`] it keeps every later limit (queue, topic, table) out of reach.
pub const MAX_ITEMS: usize = 100;

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A valid order. Its content is fixed: what was accepted is what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    customer: Customer,
    currency: Currency,
    items: Vec<Item>,
    note: Option<Note>,
    total: Money,
}

/// Who ordered. Everything but the id is personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The shop's own identifier.
    pub id: CustomerId,
    /// Where the shop can reach the customer.
    pub email: Option<EmailAddress>,
    /// What the customer is called.
    pub name: Option<CustomerName>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is bought.
    pub sku: Sku,
    /// What people call it.
    pub name: Option<ItemName>,
    /// How many.
    pub quantity: Quantity,
    /// The price of one, in the order's currency.
    pub unit_price: Money,
}

/// How many of an item: 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(u16);

impl Quantity {
    /// The most of one item.
    pub const MOST: u16 = 10_000;

    /// Checks the bounds.
    #[must_use]
    pub fn new(quantity: u64) -> Option<Self> {
        u16::try_from(quantity)
            .ok()
            .filter(|quantity| (1..=Self::MOST).contains(quantity))
            .map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
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

    /// The lines, 1 to [`MAX_ITEMS`].
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What the customer wrote beside the order.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// The sum over the items of quantity times unit price.
    #[must_use]
    pub fn total(&self) -> Money {
        self.total
    }
}
