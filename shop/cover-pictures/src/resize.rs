//! Decodes an upload, turns it upright, and resizes it.

use std::io::Cursor;

use fast_image_resize::images::{Image, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::error::{ImageError, LimitErrorKind};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage,
    metadata::Orientation,
};

use crate::geometry::{WIDTHS, fit};
use crate::limits::{MAX_BYTES, MAX_DECODER_MEMORY, MAX_PIXELS, MAX_SIDE, MIN_SIDE};
use crate::refusal::RefusalReason;

/// The quality of the pictures that come out, of 100.
const QUALITY: u8 = 82;

/// A picture that comes out: a JPEG without metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// One of [`WIDTHS`]. The picture is narrower if the upload was.
    pub asked_width: u32,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The file.
    pub jpeg: Vec<u8>,
}

/// Makes the covers of an upload, one of each of [`WIDTHS`].
///
/// # Errors
/// Returns why the upload is no cover.
pub fn resize(upload: &[u8]) -> Result<Vec<Cover>, RefusalReason> {
    let picture = upright(decode(upload)?);
    WIDTHS.iter().map(|width| cover(&picture, *width)).collect()
}

/// The pixels of an upload, and how to turn them.
struct Decoded {
    pixels: DynamicImage,
    orientation: Orientation,
}

fn decode(upload: &[u8]) -> Result<Decoded, RefusalReason> {
    if upload.len() > MAX_BYTES {
        return Err(RefusalReason::FileTooLarge);
    }
    let reader = ImageReader::new(Cursor::new(upload)).with_guessed_format();
    let mut reader = reader.map_err(|_| RefusalReason::Damaged)?;
    match reader.format() {
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif) => {}
        _ => return Err(RefusalReason::UnsupportedFormat),
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(RefusalReason::TooManyPixels);
    }
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(RefusalReason::TooSmall);
    }
    // A broken orientation is no reason to refuse a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    Ok(Decoded { pixels, orientation })
}

fn refuse(error: ImageError) -> RefusalReason {
    match error {
        ImageError::Limits(error) => match error.kind() {
            LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory => {
                RefusalReason::TooManyPixels
            }
            _ => RefusalReason::Damaged,
        },
        ImageError::Unsupported(_) => RefusalReason::UnsupportedFormat,
        _ => RefusalReason::Damaged,
    }
}

/// The picture in eight bits a channel, upright, on white where it is transparent.
fn upright(decoded: Decoded) -> RgbImage {
    let Decoded {
        mut pixels,
        orientation,
    } = decoded;
    pixels.apply_orientation(orientation);
    if !pixels.color().has_alpha() {
        return pixels.into_rgb8();
    }
    let transparent = pixels.into_rgba8();
    let (width, height) = transparent.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = transparent.get_pixel(x, y).0;
        image::Rgb([red, green, blue].map(|channel| on_white(channel, alpha)))
    })
}

fn on_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    u8::try_from((channel * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

fn cover(picture: &RgbImage, asked_width: u32) -> Result<Cover, RefusalReason> {
    let (width, height) = fit(picture.dimensions(), asked_width);
    let pixels = scale(picture, width, height).ok_or(RefusalReason::Damaged)?;
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    let written = encoder.encode(&pixels, width, height, ExtendedColorType::Rgb8);
    written.map_err(refuse)?;
    Ok(Cover {
        asked_width,
        width,
        height,
        jpeg,
    })
}

/// The pixels in another size. `None` cannot happen: all sizes are at least one pixel, and the buffer has the picture's size.
///
/// The type of the pixels is named here. Without it the compiler builds the code of all thirteen types, which takes a minute.
fn scale(picture: &RgbImage, width: u32, height: u32) -> Option<Vec<u8>> {
    let (from_width, from_height) = picture.dimensions();
    if (from_width, from_height) == (width, height) {
        return Some(picture.as_raw().clone());
    }
    let source = TypedImageRef::<U8x3>::from_buffer(from_width, from_height, picture.as_raw()).ok()?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    let mut pixels = target.typed_image_mut::<U8x3>()?;
    Resizer::new().resize_typed(&source, &mut pixels, &options).ok()?;
    Some(target.into_vec())
}
