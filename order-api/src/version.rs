//! The version of the API: a header of every answer, which a request may ask for. `docs/openapi.yaml` says what may change within
//! a version.

use crate::request::Request;

/// The name of the header.
pub(crate) const HEADER: &str = "api-version";

/// The only version.
pub(crate) const CURRENT: &str = "1";

/// Whether the request asks for the version that this code serves, or for none.
pub(crate) fn is_served(request: &Request) -> bool {
    match request.header(HEADER).as_slice() {
        [] => true,
        [asked] => asked.as_bytes() == CURRENT.as_bytes(),
        _ => false,
    }
}
