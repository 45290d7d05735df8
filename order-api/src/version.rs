//! The version of the API: a header of every answer, which a request may ask for. `docs/openapi.yaml` says what may change within
//! a version.

use aws_lambda_events::http::header::HeaderName;
use rest_function::{Request, Response};

/// The name of the header.
pub(crate) const HEADER: &str = "api-version";

/// The only version.
pub(crate) const CURRENT: &str = "1";

/// The answer with the header.
pub(crate) fn stamped(response: Response) -> Response {
    response.with_header(HeaderName::from_static(HEADER), CURRENT.to_owned())
}

/// Whether the request asks for the version that this code serves, or for none.
pub(crate) fn is_served(request: &Request) -> bool {
    match request.header(HEADER).as_slice() {
        [] => true,
        [asked] => asked.as_bytes() == CURRENT.as_bytes(),
        _ => false,
    }
}
