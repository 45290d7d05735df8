//! Finds the resource of a path.

use aws_lambda_events::http::Method;

/// The resource of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// `/`.
    Index,
    /// `/openapi.json`.
    OpenApi,
    /// `/books`.
    Books,
    /// `/books/{isbn}`. The text is not checked yet.
    Book(&'a str),
    /// `/books/{isbn}/cover`. The text is not checked yet.
    Cover(&'a str),
    /// There is no such resource.
    Unknown,
}

impl<'a> Resource<'a> {
    /// The resource at `path`, a path without the stage. One trailing slash is ignored.
    pub(crate) fn at(path: &'a str) -> Self {
        match path.strip_suffix('/').unwrap_or(path) {
            "" => Self::Index,
            "/openapi.json" => Self::OpenApi,
            "/books" => Self::Books,
            path => {
                let parts: Vec<&str> = path.split('/').collect();
                match *parts.as_slice() {
                    ["", "books", isbn] if !isbn.is_empty() => Self::Book(isbn),
                    ["", "books", isbn, "cover"] if !isbn.is_empty() => Self::Cover(isbn),
                    _ => Self::Unknown,
                }
            }
        }
    }

    /// The resource's name for the log. The path itself comes from the client and is not logged.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::OpenApi => "/openapi.json",
            Self::Books => "/books",
            Self::Book(_) => "/books/{isbn}",
            Self::Cover(_) => "/books/{isbn}/cover",
            Self::Unknown => "unknown",
        }
    }

    /// The methods that it supports, as the header `Allow` lists them (RFC 9110 §10.2.1).
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Self::Index | Self::OpenApi => "GET, HEAD, OPTIONS",
            Self::Books => "GET, HEAD, POST, OPTIONS",
            Self::Book(_) => "GET, HEAD, PUT, DELETE, OPTIONS",
            Self::Cover(_) => "POST, OPTIONS",
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
        for (path, resource) in [
            ("/", Resource::Index),
            ("", Resource::Index),
            ("/openapi.json", Resource::OpenApi),
            ("/books", Resource::Books),
            ("/books/", Resource::Books),
            ("/books/x", Resource::Book("x")),
            ("/books/x/y", Resource::Unknown),
            ("/books/x/cover", Resource::Cover("x")),
            ("/books/x/cover/", Resource::Cover("x")),
            ("/books//cover", Resource::Unknown),
            ("/books/x/cover/y", Resource::Unknown),
            ("/books//", Resource::Unknown),
            ("/Books", Resource::Unknown),
            ("/orders", Resource::Unknown),
        ] {
            assert_eq!(Resource::at(path), resource, "{path}");
        }
    }

    #[test]
    fn methods_are_matched_whole() {
        assert!(Resource::Book("x").allows(&Method::PUT));
        assert!(!Resource::Books.allows(&Method::PUT));
        assert!(!Resource::Unknown.allows(&Method::GET));
    }
}
