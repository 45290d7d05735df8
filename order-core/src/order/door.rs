//! The doors by which an order is read, and what each asks for.

use timestamp::Timestamp;

use super::{MAX_ITEMS, MAX_METADATA_ENTRIES, Quantity};
use crate::currency::{Currency, CurrencyError};
use crate::fields::Fields;
use crate::text::TextError;
use crate::violation::Violations;

/// By which rules an order is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// A new order, by the rules of this moment.
    Accept(Timestamp),
    /// An accepted order. It consists of the fields that this code knows, and of no others.
    Restore,
    /// An accepted order, perhaps written by a later version: unknown fields are ignored.
    RestoreKnown,
}

impl Door {
    /// The parser of a text: today's rule, or none.
    pub(super) fn text<T>(
        self,
        accept: fn(&str) -> Result<T, TextError>,
        restore: fn(&str) -> T,
    ) -> impl FnOnce(&str) -> Result<T, TextError> {
        move |text| match self {
            Self::Accept(_) => accept(text),
            Self::Restore | Self::RestoreKnown => Ok(restore(text)),
        }
    }

    pub(super) fn currency(self, code: &str) -> Result<Currency, CurrencyError> {
        match self {
            Self::Accept(on) => Currency::accept(code, on),
            Self::Restore | Self::RestoreKnown => Currency::restore(code),
        }
    }

    /// The quantity, or the rule that it breaks.
    pub(super) fn quantity(self, number: Option<u64>) -> Result<Quantity, String> {
        match self {
            Self::Accept(_) => number
                .and_then(Quantity::accept)
                .ok_or_else(|| format!("must be an integer from 1 to {}", Quantity::MAX)),
            Self::Restore | Self::RestoreKnown => number
                .and_then(Quantity::restore)
                .ok_or_else(|| format!("must be an integer from 1 to {}", u32::MAX)),
        }
    }

    /// Whether an order may have this number of items.
    pub(super) fn allows_items(self, count: usize) -> bool {
        match self {
            Self::Accept(_) => (1..=MAX_ITEMS).contains(&count),
            Self::Restore | Self::RestoreKnown => true,
        }
    }

    /// Whether an order may have this number of entries of metadata.
    pub(super) fn allows_metadata(self, count: usize) -> bool {
        match self {
            Self::Accept(_) => count <= MAX_METADATA_ENTRIES,
            Self::Restore | Self::RestoreKnown => true,
        }
    }

    /// Ends an object.
    pub(super) fn finish(self, fields: Fields<'_>, violations: &mut Violations) {
        if self != Self::RestoreKnown {
            fields.finish(violations);
        }
    }
}
