//! Tests with pictures that they draw themselves, and with files of other programs.

use std::io::Cursor;

use book_cover::RefusalReason;
use image::codecs::gif::GifEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, Frame, ImageBuffer, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use crate::limits::{MAX_BYTES, MAX_SIDE};
use crate::{Cover, resize};

/// Drawn by Pillow: 160 by 200 pixels, the upper half orange, the lower half blue, as CMYK.
const CMYK: &[u8] = include_bytes!("../tests/cmyk.jpg");
/// Drawn by Pillow: 300 by 200 pixels, the left half red. EXIF says to turn it by 90 degrees (orientation 6), and names a place.
const TURNED: &[u8] = include_bytes!("../tests/turned.jpg");

const RED: Rgb<u8> = Rgb([200, 20, 20]);
const GREEN: Rgb<u8> = Rgb([20, 160, 20]);

/// A picture whose left half is red and whose right half is green.
fn halves(width: u32, height: u32) -> RgbImage {
    ImageBuffer::from_fn(width, height, |x, _| if x < width / 2 { RED } else { GREEN })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn pixels(cover: &Cover) -> RgbImage {
    image::load_from_memory_with_format(&cover.jpeg, ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8()
}

fn is_near(found: Rgb<u8>, wanted: Rgb<u8>) -> bool {
    found
        .0
        .iter()
        .zip(wanted.0)
        .all(|(found, wanted)| found.abs_diff(wanted) < 12)
}

/// The colours a quarter from the left and a quarter from the right, in the middle.
fn assert_halves(cover: &Cover) {
    let found = pixels(cover);
    let (width, height) = found.dimensions();
    assert_eq!((width, height), (cover.width, cover.height));
    let (left, right) = (
        found.get_pixel(width / 4, height / 2),
        found.get_pixel(width * 3 / 4, height / 2),
    );
    assert!(is_near(*left, RED), "{left:?}");
    assert!(is_near(*right, GREEN), "{right:?}");
}

#[test]
fn each_format_gives_three_widths() {
    let picture = DynamicImage::ImageRgb8(halves(1200, 1800));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let covers = resize(&encoded(&picture, format)).unwrap();
        let sizes: Vec<_> = covers
            .iter()
            .map(|cover| (cover.asked_width, cover.width, cover.height))
            .collect();
        assert_eq!(
            sizes,
            [(160, 160, 240), (320, 320, 480), (640, 640, 960)],
            "{format:?}"
        );
        covers.iter().for_each(assert_halves);
    }
}

/// A wide JPEG is decoded at a part of its size. Its covers have the sizes of every other, and its colours.
#[test]
fn a_wide_photo_gives_the_same_covers_as_a_small_one() {
    for (width, height) in [(2560, 1921), (5121, 3000)] {
        let photo = DynamicImage::ImageRgb8(halves(width, height));
        let grey = DynamicImage::ImageLuma8(photo.to_luma8());
        let covers = resize(&encoded(&photo, ImageFormat::Jpeg)).unwrap();
        let sizes: Vec<_> = covers.iter().map(|cover| (cover.width, cover.height)).collect();
        let expected = [160, 320, 640].map(|wanted| crate::geometry::fit((width, height), wanted));
        assert_eq!(sizes, expected);
        covers.iter().for_each(assert_halves);
        let covers = resize(&encoded(&grey, ImageFormat::Jpeg)).unwrap();
        let found = pixels(&covers[0]);
        assert!(is_near(*found.get_pixel(40, 40), *grey.to_rgb8().get_pixel(1, 1)));
    }
}

#[test]
fn a_damaged_wide_photo_is_refused() {
    let photo = encoded(&DynamicImage::ImageRgb8(halves(2600, 400)), ImageFormat::Jpeg);
    assert_eq!(resize(&photo[..600]).unwrap_err(), RefusalReason::Damaged);
}

#[test]
fn a_png_of_16_bits_keeps_its_colours() {
    let deep = DynamicImage::ImageRgb8(halves(400, 400)).into_rgb16();
    let covers = resize(&encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png)).unwrap();
    covers.iter().for_each(assert_halves);
}

#[test]
fn the_first_frame_of_a_gif_is_taken() {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for picture in [halves(200, 200), RgbImage::from_pixel(200, 200, GREEN)] {
        let frame = Frame::new(DynamicImage::ImageRgb8(picture).into_rgba8());
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    assert_halves(&resize(&bytes).unwrap()[0]);
}

#[test]
fn a_jpeg_in_cmyk_keeps_its_colours() {
    let found = pixels(&resize(CMYK).unwrap()[0]);
    let (upper, lower) = (found.get_pixel(80, 50), found.get_pixel(80, 150));
    assert!(is_near(*upper, Rgb([255, 140, 0])), "{upper:?}");
    assert!(is_near(*lower, Rgb([0, 60, 255])), "{lower:?}");
}

#[test]
fn a_turned_photo_is_upright_and_has_no_metadata() {
    assert!(TURNED.windows(4).any(|part| part == b"Exif"));
    let covers = resize(TURNED).unwrap();
    // Turned by 90 degrees to the right, the left half is above.
    assert_eq!((covers[2].width, covers[2].height), (200, 300));
    let found = pixels(&covers[2]);
    let (upper, lower) = (found.get_pixel(100, 75), found.get_pixel(100, 225));
    assert!(is_near(*upper, RED), "{upper:?}");
    assert!(is_near(*lower, GREEN), "{lower:?}");
    for cover in covers {
        assert!(!cover.jpeg.windows(4).any(|part| part == b"Exif"));
    }
}

#[test]
fn what_is_transparent_becomes_white() {
    let clear = RgbaImage::from_pixel(200, 200, Rgba([10, 20, 30, 0]));
    let covers = resize(&encoded(&DynamicImage::ImageRgba8(clear), ImageFormat::Png)).unwrap();
    assert!(is_near(
        *pixels(&covers[0]).get_pixel(80, 80),
        Rgb([255, 255, 255])
    ));
}

#[test]
fn a_small_picture_is_not_made_larger() {
    let covers = resize(&encoded(
        &DynamicImage::ImageRgb8(halves(200, 250)),
        ImageFormat::Png,
    ))
    .unwrap();
    let sizes: Vec<_> = covers.iter().map(|cover| (cover.width, cover.height)).collect();
    assert_eq!(sizes, [(160, 200), (200, 250), (200, 250)]);
}

#[test]
fn refusals_have_their_reason() {
    let text = b"This is a text, and its name ends with .jpg.".to_vec();
    let bitmap = encoded(&DynamicImage::ImageRgb8(halves(200, 200)), ImageFormat::Png);
    let cut = bitmap[..bitmap.len() / 2].to_vec();
    let small = encoded(&DynamicImage::ImageRgb8(halves(159, 400)), ImageFormat::Jpeg);
    for (upload, refusal) in [
        (text, RefusalReason::UnsupportedFormat),
        (Vec::new(), RefusalReason::UnsupportedFormat),
        (
            b"BM a bitmap of Windows".to_vec(),
            RefusalReason::UnsupportedFormat,
        ),
        (cut, RefusalReason::Damaged),
        (small, RefusalReason::TooSmall),
        (vec![0; MAX_BYTES + 1], RefusalReason::FileTooLarge),
    ] {
        assert_eq!(resize(&upload).unwrap_err(), refusal);
    }
}

/// The head of a PNG of this size, which has no pixels: whoever looks for them finds it damaged.
fn head_of_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&[0; 3], 1, 1, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc_of(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The checksum of a part of a PNG. Source: PNG (Third Edition), "Sample CRC implementation".
fn crc_of(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                0xEDB8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            }
        })
    })
}

/// A bomb is a small file that claims many pixels. It is refused by its head.
#[test]
fn a_bomb_is_refused_before_its_pixels_are_decoded() {
    assert_eq!(
        resize(&head_of_png(16_000, 16_000)).unwrap_err(),
        RefusalReason::TooManyPixels
    );
    assert_eq!(
        resize(&head_of_png(MAX_SIDE + 1, 200)).unwrap_err(),
        RefusalReason::TooManyPixels
    );
    assert_eq!(
        resize(&head_of_png(u32::MAX >> 1, 200)).unwrap_err(),
        RefusalReason::TooManyPixels
    );
    // Within the limits the pixels are looked for.
    assert_eq!(
        resize(&head_of_png(1000, 1000)).unwrap_err(),
        RefusalReason::Damaged
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The same for a JPEG that is decoded at a part of its size.
    #[test]
    fn no_wide_photo_makes_it_panic(at in 0..usize::MAX, byte: u8) {
        let mut upload = encoded(&DynamicImage::ImageRgb8(halves(2560, 160)), ImageFormat::Jpeg);
        let at = at % upload.len();
        upload[at] = byte;
        if let Ok(covers) = resize(&upload) {
            prop_assert_eq!(covers.len(), 3);
        }
    }

    /// Any bytes after a true head are refused or resized, and never panic.
    #[test]
    fn no_input_makes_it_panic(at in 0..2000_usize, byte: u8, jpeg: bool) {
        let format = if jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
        let mut upload = encoded(&DynamicImage::ImageRgb8(halves(200, 160)), format);
        let at = at % upload.len();
        upload[at] = byte;
        if let Ok(covers) = resize(&upload) {
            prop_assert_eq!(covers.len(), 3);
        }
    }
}
