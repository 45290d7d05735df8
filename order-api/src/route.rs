//! Finds the resource of a path.

use aws_lambda_events::http::Method;

/// The resource of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// `/`.
    Index,
    /// `/openapi.json`.
    OpenApi,
    /// `/orders`.
    Orders,
    /// `/orders/batch`.
    Batch,
    /// `/orders/{id}`. The text is not checked yet.
    Order(&'a str),
    /// `/orders/{id}/cancel`. The text is not checked yet.
    Cancel(&'a str),
    /// There is no such resource.
    Unknown,
}

impl<'a> Resource<'a> {
    /// The resource at `path`, a path without the stage. One trailing slash is ignored.
    pub(crate) fn at(path: &'a str) -> Self {
        match path.strip_suffix('/').unwrap_or(path) {
            "" => Self::Index,
            "/openapi.json" => Self::OpenApi,
            "/orders" => Self::Orders,
            "/orders/batch" => Self::Batch,
            path => match path.strip_prefix("/orders/") {
                Some(rest) => match rest.split_once('/') {
                    None if !rest.is_empty() => Self::Order(rest),
                    Some((id, "cancel")) if !id.is_empty() => Self::Cancel(id),
                    _ => Self::Unknown,
                },
                None => Self::Unknown,
            },
        }
    }

    /// The resource's name for the log. The path itself comes from the client and is not logged.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::OpenApi => "/openapi.json",
            Self::Orders => "/orders",
            Self::Batch => "/orders/batch",
            Self::Order(_) => "/orders/{id}",
            Self::Cancel(_) => "/orders/{id}/cancel",
            Self::Unknown => "unknown",
        }
    }

    /// The methods that it supports, as the header `Allow` lists them (RFC 9110 §10.2.1).
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Self::Index | Self::OpenApi | Self::Order(_) => "GET, HEAD, OPTIONS",
            Self::Orders => "GET, HEAD, POST, OPTIONS",
            Self::Batch | Self::Cancel(_) => "POST, OPTIONS",
            Self::Unknown => "",
        }
    }

    /// Whether it supports the method.
    pub(crate) fn allows(self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_resources() {
        let cases = [
            ("/", Resource::Index),
            ("", Resource::Index),
            ("/orders", Resource::Orders),
            ("/orders/", Resource::Orders),
            ("/orders/batch", Resource::Batch),
            ("/orders/batch/", Resource::Batch),
            ("/orders/x", Resource::Order("x")),
            ("/orders/x/", Resource::Order("x")),
            ("/orders//", Resource::Unknown),
            ("/orders/x/cancel", Resource::Cancel("x")),
            ("/orders/x/cancel/", Resource::Cancel("x")),
            ("/orders//cancel", Resource::Unknown),
            ("/orders/x/cancel/y", Resource::Unknown),
            ("/orders/x/y", Resource::Unknown),
            ("/ordersx", Resource::Unknown),
            ("/Orders", Resource::Unknown),
            ("//orders", Resource::Unknown),
            ("/favicon.ico", Resource::Unknown),
        ];
        for (path, resource) in cases {
            assert_eq!(Resource::at(path), resource, "{path}");
        }
    }

    #[test]
    fn methods_are_matched_whole() {
        assert!(Resource::Orders.allows(&Method::POST));
        assert!(!Resource::Batch.allows(&Method::GET));
        assert!(!Resource::Unknown.allows(&Method::GET));
        assert!(!Resource::Index.allows(&Method::from_bytes(b"get").unwrap()));
    }
}
