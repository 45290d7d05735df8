//! The sizes of the pictures that come out, and of the picture that they are made of.

use book_cover::WIDTHS;
use image::metadata::Orientation;

/// The size of a picture of this size when it is made as wide as `width`. A picture is never made larger, and its sides keep
/// their ratio to half a pixel. Both sides have a pixel at least.
///
/// All sides are at most [`crate::limits::MAX_SIDE`], so nothing overflows.
#[must_use]
pub fn fit(original: (u32, u32), width: u32) -> (u32, u32) {
    let (from_width, from_height) = original;
    if from_width <= width || from_width == 0 {
        return (from_width.max(1), from_height.max(1));
    }
    let scaled = u64::from(from_height) * u64::from(width);
    let rounded = (scaled + u64::from(from_width) / 2) / u64::from(from_width);
    (width.max(1), u32::try_from(rounded).unwrap_or(u32::MAX).max(1))
}

/// The size of a picture of this size when it is turned.
#[must_use]
pub fn upright((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (width, height),
    }
}

/// By how much a picture of this width can be made smaller while it is decoded: by 1, 2, 4 or 8. It stays twice as wide as the widest
/// cover, so that the filter has enough to work with.
#[must_use]
pub fn divisor(width: u32) -> u32 {
    let widest = WIDTHS[WIDTHS.len() - 1];
    let fitting = [8, 4, 2]
        .into_iter()
        .find(|divisor| width / divisor >= 2 * widest);
    fitting.unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::MAX_SIDE;

    #[test]
    fn a_cover_keeps_its_shape() {
        assert_eq!(fit((1200, 1800), 320), (320, 480));
        assert_eq!(fit((3024, 4032), 640), (640, 853));
        assert_eq!(fit((200, 300), 320), (200, 300));
        assert_eq!(fit((10_000, 1), 160), (160, 1));
    }

    #[test]
    fn a_wide_picture_is_decoded_smaller_and_stays_twice_as_wide_as_its_covers() {
        for (width, expected) in [
            (1279, 1),
            (2559, 1),
            (2560, 2),
            (4000, 2),
            (5119, 2),
            (5120, 4),
            (10_240, 8),
            (16_384, 8),
        ] {
            assert_eq!(divisor(width), expected, "{width}");
        }
    }

    proptest! {
        #[test]
        fn a_picture_is_never_made_larger_and_keeps_its_ratio(
            width in 1..=MAX_SIDE,
            height in 1..=MAX_SIDE,
            wanted in 1..=MAX_SIDE,
        ) {
            let (fitted_width, fitted_height) = fit((width, height), wanted);
            prop_assert_eq!(fitted_width, width.min(wanted));
            prop_assert!((1..=height).contains(&fitted_height));
            // |fitted_height - height * fitted_width / width| <= 1/2, without fractions; a side has a pixel at least.
            let exact = i64::from(height) * i64::from(fitted_width);
            let distance = (i64::from(fitted_height) * i64::from(width) - exact).abs();
            prop_assert!(2 * distance <= i64::from(width) || fitted_height == 1);
        }

        #[test]
        fn a_wider_picture_is_not_lower(
            size in (1..=MAX_SIDE, 1..=MAX_SIDE),
            one in 1..=MAX_SIDE,
            other in 1..=MAX_SIDE,
        ) {
            let (narrow, wide) = (one.min(other), one.max(other));
            prop_assert!(fit(size, narrow).1 <= fit(size, wide).1);
        }
    }
}
