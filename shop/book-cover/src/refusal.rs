//! Why an upload is no cover.

/// The reason for which an upload is refused. No retry repairs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// The file is larger than [`MAX_BYTES`](crate::MAX_BYTES).
    #[error("the file is larger than 20 MiB")]
    FileTooLarge,
    /// The content is no JPEG, PNG, WebP or GIF, whatever the name of the file says.
    #[error("the file is no JPEG, PNG, WebP or GIF picture")]
    UnsupportedFormat,
    /// The head or the pixels cannot be decoded.
    #[error("the picture is damaged")]
    Damaged,
    /// The picture has more pixels, or needs more memory, than cover-resizer's limits allow.
    #[error("the picture has more than 50 megapixels, or a side of more than 16,384 pixels")]
    TooManyPixels,
    /// A side is shorter than cover-resizer's limit.
    #[error("the picture is smaller than 160 by 160 pixels")]
    TooSmall,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::FileTooLarge,
        Self::UnsupportedFormat,
        Self::Damaged,
        Self::TooManyPixels,
        Self::TooSmall,
    ];

    /// The reason of this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The code, as the table and the API write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::FileTooLarge => "file_too_large",
            Self::UnsupportedFormat => "unsupported_format",
            Self::Damaged => "damaged",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooSmall => "too_small",
        }
    }
}
