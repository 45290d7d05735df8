//! The cover of a book. cover-resizer writes it (`shop/cover-resizer/src/adapters/books.rs`).

/// The widths that cover-resizer makes, in pixels. A picture of an upload that was narrower is as wide as the upload.
const WIDTHS: [u32; 3] = [160, 320, 640];

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

/// Why an upload is no cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// The file is too large.
    FileTooLarge,
    /// The content is of no format that covers have.
    UnsupportedFormat,
    /// The picture cannot be decoded.
    Damaged,
    /// The picture has too many pixels.
    TooManyPixels,
    /// The picture is too small.
    TooSmall,
}

impl RefusalReason {
    /// Every reason, as the table and the API write it.
    pub const ALL: [(&'static str, Self); 5] = [
        ("file_too_large", Self::FileTooLarge),
        ("unsupported_format", Self::UnsupportedFormat),
        ("damaged", Self::Damaged),
        ("too_many_pixels", Self::TooManyPixels),
        ("too_small", Self::TooSmall),
    ];

    /// The reason as the table and the API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(_, refusal)| *refusal == self);
        // The list has every reason.
        found.map_or("", |(name, _)| name)
    }
}

impl Pictures {
    /// The pictures of a book from the narrowest to the widest: the width of each, and its path below the address of the covers.
    pub fn paths(&self, isbn: &str) -> impl Iterator<Item = (u32, String)> {
        // An upload that is narrower than two widths has the same picture twice.
        let last = WIDTHS
            .into_iter()
            .find(|width| *width >= self.width)
            .unwrap_or(self.width);
        let fitting = WIDTHS.into_iter().filter(move |width| *width <= last);
        fitting.map(move |width| {
            let path = format!("covers/{isbn}/{}-{width}.jpg", self.id);
            (width.min(self.width), path)
        })
    }
}

impl Cover {
    /// Reads the text of a row: `none`, `refused REASON`, or `ready ID WIDTHxHEIGHT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        match parts.as_slice() {
            ["none"] => Some(Self::None),
            ["refused", reason] => {
                let found = RefusalReason::ALL.into_iter().find(|(name, _)| name == reason);
                found.map(|(_, refusal)| Self::Refused(refusal))
            }
            ["ready", id, size] if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                let (width, height) = size.split_once('x')?;
                let (width, height) = (width.parse().ok()?, height.parse().ok()?);
                (width > 0 && height > 0).then(|| {
                    Self::Ready(Pictures {
                        id: (*id).to_owned(),
                        width,
                        height,
                    })
                })
            }
            _ => None,
        }
    }

    /// The text of a row.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Refused(refusal) => format!("refused {}", refusal.as_str()),
            Self::Ready(Pictures { id, width, height }) => format!("ready {id} {width}x{height}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// cover-resizer has a test with the same texts.
    #[test]
    fn a_cover_is_read_as_cover_resizer_writes_it() {
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
        for (name, refusal) in RefusalReason::ALL {
            assert_eq!(
                Cover::parse(&format!("refused {name}")),
                Some(Cover::Refused(refusal))
            );
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
            let pictures = Pictures {
                id: "A".to_owned(),
                width,
                height: 300,
            };
            let widths: Vec<u32> = pictures.paths("1").map(|(width, _)| width).collect();
            assert_eq!(widths, expected);
        }
    }

    proptest! {
        #[test]
        fn a_cover_that_is_written_is_read_back(id in "[0-9A-F]{1,32}", width in 1..=640_u32, height in 1..=9999_u32) {
            let ready = Cover::Ready(Pictures { id, width, height });
            prop_assert_eq!(Cover::parse(&ready.to_text()), Some(ready));
        }
    }
}
