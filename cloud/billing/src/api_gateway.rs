//! The billing of REST APIs: requests.
//!
//! Source: the page "Amazon API Gateway pricing", on REST APIs: failed authorization and authentication, missing or invalid API keys,
//! and throttled requests are not charged.

use crate::units::Units;

/// The units of a request that reached its integration.
#[must_use]
pub fn request() -> Units {
    Units {
        api_requests: 1,
        ..Units::default()
    }
}

/// The units of a request that API Gateway itself answered with an error of this status.
#[must_use]
pub fn refused(status: u16) -> Units {
    match status {
        // Unauthorized, forbidden, too many requests.
        401 | 403 | 429 => Units::default(),
        _ => request(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttled_and_unauthorized_requests_are_free() {
        assert_eq!([401, 403, 429].map(|status| refused(status).api_requests), [0; 3]);
        assert_eq!([400, 404, 504].map(|status| refused(status).api_requests), [1; 3]);
        assert_eq!(request().api_requests, 1);
    }
}
