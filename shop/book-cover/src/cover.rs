//! The cover of a book, as the table holds it, and the keys of its pictures.

use std::fmt;

use crate::refusal::RefusalReason;

/// The widths of a cover in pixels: a list, a page, and a page on a screen of double density. A picture of an upload that was narrower
/// is as wide as the upload.
pub const WIDTHS: [u32; 3] = [160, 320, 640];

/// The cover of a book. The storefront draws one for a book that has no pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cover {
    /// No picture was uploaded.
    None,
    /// The pictures are there.
    Ready(Pictures),
    /// The last upload is no cover.
    Refused(RefusalReason),
}

/// The pictures of a cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// The name of the upload, which is in the paths of its pictures.
    id: String,
    /// The width of the largest picture in pixels.
    pub width: u32,
    /// The height of the largest picture in pixels.
    pub height: u32,
}

impl Pictures {
    /// The pictures of an upload. `id` has letters and digits alone. The size is that of the largest picture in pixels, and not zero.
    #[must_use]
    pub fn new(id: &str, width: u32, height: u32) -> Option<Self> {
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_id && width > 0 && height > 0).then(|| Self {
            id: id.to_owned(),
            width,
            height,
        })
    }

    /// The pictures of a book from the narrowest to the widest: the width of each, and its path below the address of the covers.
    pub fn paths(&self, isbn: &str) -> impl Iterator<Item = (u32, String)> {
        // An upload that is narrower than two widths has the same picture twice.
        let last = WIDTHS
            .into_iter()
            .find(|width| *width >= self.width)
            .unwrap_or(self.width);
        let fitting = WIDTHS.into_iter().filter(move |width| *width <= last);
        fitting.map(move |width| (width.min(self.width), key(isbn, &self.id, width)))
    }

    /// The keys of all pictures of a book, also of those that are twice the same.
    pub fn keys(&self, isbn: &str) -> impl Iterator<Item = String> {
        WIDTHS.into_iter().map(|width| key(isbn, &self.id, width))
    }
}

/// The folder of a book's pictures in the bucket of the covers.
#[must_use]
pub fn folder(isbn: &str) -> String {
    format!("covers/{isbn}/")
}

/// The key of a picture. Another upload has another id, so a picture never changes under its key and can be cached for ever.
#[must_use]
pub fn key(isbn: &str, id: &str, width: u32) -> String {
    format!("{}{id}-{width}.jpg", folder(isbn))
}

/// The upload of which a key is a picture.
#[must_use]
pub fn picture_id<'k>(isbn: &str, key: &'k str) -> Option<&'k str> {
    let (id, _) = key.strip_prefix(&folder(isbn))?.split_once('-')?;
    Some(id)
}

impl Cover {
    /// Reads the text of a row: `none`, `refused REASON`, or `ready ID WIDTHxHEIGHT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        match parts.as_slice() {
            ["none"] => Some(Self::None),
            ["refused", code] => RefusalReason::parse(code).map(Self::Refused),
            ["ready", id, size] => {
                let (width, height) = size.split_once('x')?;
                Pictures::new(id, width.parse().ok()?, height.parse().ok()?).map(Self::Ready)
            }
            _ => None,
        }
    }
}

/// The text of a row.
impl fmt::Display for Cover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Refused(refusal) => write!(formatter, "refused {}", refusal.code()),
            Self::Ready(Pictures { id, width, height }) => write!(formatter, "ready {id} {width}x{height}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cover_names_its_pictures() {
        let ready = Cover::parse("ready 0A000000000000000000000000000000 640x960").unwrap();
        let Cover::Ready(pictures) = ready else {
            panic!("{ready:?}")
        };
        let path = |width| {
            (
                width,
                format!("covers/9783161484100/0A000000000000000000000000000000-{width}.jpg"),
            )
        };
        let paths: Vec<_> = pictures.paths("9783161484100").collect();
        assert_eq!(paths, [160, 320, 640].map(path));
        let keys: Vec<_> = pictures.keys("9783161484100").collect();
        assert_eq!(keys, [160, 320, 640].map(|width| path(width).1));
        for key in &keys {
            assert!(key.starts_with(&folder("9783161484100")));
            let id = Some("0A000000000000000000000000000000");
            assert_eq!(picture_id("9783161484100", key), id);
            assert_eq!(picture_id("9783161484117", key), None);
        }
        for refusal in RefusalReason::ALL {
            let refused = Cover::Refused(refusal);
            assert_eq!(Cover::parse(&refused.to_string()), Some(refused));
        }
        for text in [
            "",
            "ready",
            "refused",
            "refused why",
            "ready a 0x1",
            "ready a/b 1x1",
            "ready a 1",
        ] {
            assert_eq!(Cover::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_narrow_upload_has_each_picture_once() {
        for (width, expected) in [
            (160, vec![160]),
            (200, vec![160, 200]),
            (320, vec![160, 320]),
            (500, vec![160, 320, 500]),
            (640, vec![160, 320, 640]),
        ] {
            let pictures = Pictures::new("A", width, 300).unwrap();
            assert_eq!(pictures.keys("1").count(), WIDTHS.len());
            let widths: Vec<u32> = pictures.paths("1").map(|(width, _)| width).collect();
            assert_eq!(widths, expected);
        }
    }

    proptest! {
        #[test]
        fn a_cover_that_is_written_is_read_back(id in "[0-9A-F]{1,32}", width in 1..=640_u32, height in 1..=9999_u32) {
            let ready = Cover::Ready(Pictures::new(&id, width, height).unwrap());
            prop_assert_eq!(Cover::parse(&ready.to_string()), Some(ready));
        }
    }
}
