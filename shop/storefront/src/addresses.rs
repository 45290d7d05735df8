//! Where the two APIs and the buckets are.

use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// Where the APIs are, as the pages read it from `config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// The URL of the catalogue, absolute or relative to the pages.
    pub catalog_url: String,
    /// The URL of the API that takes orders.
    pub order_url: String,
    /// The URL below which the pictures of covers are.
    pub covers_url: String,
    /// The URL that takes uploads. If it is empty, the form says it.
    pub upload_url: String,
}

/// The buckets of the shop.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// Calls S3.
    pub client: reqwest::Client,
    /// The URL of the bucket of the covers.
    pub covers_url: String,
    /// The URL of the bucket that takes the uploads.
    pub uploads_url: String,
}

/// The server of the pages. It answers at once, and the pages work once [`Storefront::connect`] was called.
#[derive(Debug, Clone, Default)]
pub struct Storefront {
    addresses: Arc<OnceLock<Addresses>>,
    buckets: Arc<OnceLock<Buckets>>,
}

impl Storefront {
    /// Tells the pages where the APIs are, and the server where the buckets are. The first call counts.
    pub fn connect(&self, addresses: Addresses, buckets: Buckets) {
        self.buckets.get_or_init(|| buckets);
        self.addresses.get_or_init(|| addresses);
    }

    /// Where the APIs are, once it is known.
    pub(crate) fn addresses(&self) -> Option<&Addresses> {
        self.addresses.get()
    }

    /// The buckets, once they are known.
    pub(crate) fn buckets(&self) -> Option<&Buckets> {
        self.buckets.get()
    }

    /// The API that takes orders, for the policy of the pages.
    pub(crate) fn order_url(&self) -> &str {
        self.addresses()
            .map_or("", |addresses| addresses.order_url.as_str())
    }
}
