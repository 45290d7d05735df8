//! Where the two APIs are.

use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// Where the APIs are, as the pages read it from `config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// The URL of the catalogue, absolute or relative to the pages.
    pub catalog_url: String,
    /// The URL of the API that takes orders.
    pub order_url: String,
}

/// The server of the pages. It answers at once, and the pages work once [`Storefront::connect`] was called.
#[derive(Debug, Clone, Default)]
pub struct Storefront {
    addresses: Arc<OnceLock<Addresses>>,
}

impl Storefront {
    /// Tells the pages where the APIs are. The first call counts.
    pub fn connect(&self, addresses: Addresses) {
        self.addresses.get_or_init(|| addresses);
    }

    /// Where the APIs are, once it is known.
    pub(crate) fn addresses(&self) -> Option<&Addresses> {
        self.addresses.get()
    }

    /// The API that takes orders, for the policy of the pages.
    pub(crate) fn order_url(&self) -> &str {
        self.addresses()
            .map_or("", |addresses| addresses.order_url.as_str())
    }
}
