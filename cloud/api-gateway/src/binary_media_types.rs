//! The media types that an API takes and answers as binary data.
//!
//! Source: the API Gateway Developer Guide, "Binary media types for REST APIs".

/// Media types, such as `image/png` or `image/*`. `*/*` stands for every type. Without any, all bodies are text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryMediaTypes(Vec<(String, String)>);

impl BinaryMediaTypes {
    /// Reads the media types of a template. A text without a slash matches nothing, as on AWS.
    #[must_use]
    pub fn new<'t>(types: impl IntoIterator<Item = &'t str>) -> Self {
        let parse = |text: &str| {
            let (kind, subtype) = essence(text).split_once('/')?;
            Some((kind.to_owned(), subtype.to_owned()))
        };
        Self(types.into_iter().filter_map(parse).collect())
    }

    /// Whether the first media type of a `Content-Type` or `Accept` header is one of these. API Gateway reads no further one.
    pub(crate) fn include(&self, header: Option<&str>) -> bool {
        let first = header.and_then(|header| header.split(',').next());
        let Some((kind, subtype)) = first.and_then(|first| essence(first).split_once('/')) else {
            return false;
        };
        let matches = |pattern: &str, part: &str| pattern == "*" || pattern.eq_ignore_ascii_case(part);
        self.0
            .iter()
            .any(|(known, known_subtype)| matches(known, kind) && matches(known_subtype, subtype))
    }
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_media_type_decides() {
        let types = BinaryMediaTypes::new(["image/*", "application/octet-stream", "zip"]);
        for (header, expected) in [
            (Some("image/png"), true),
            (Some("Image/PNG; q=0.5, text/html"), true),
            (Some("application/octet-stream"), true),
            (Some("text/html, image/png"), false),
            (Some("application/json"), false),
            (Some("*/*"), false),
            (Some("zip"), false),
            (None, false),
        ] {
            assert_eq!(types.include(header), expected, "{header:?}");
        }
        assert!(BinaryMediaTypes::new(["*/*"]).include(Some("text/html")));
        assert!(!BinaryMediaTypes::default().include(Some("image/png")));
    }
}
