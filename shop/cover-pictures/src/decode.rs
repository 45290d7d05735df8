//! Decodes an upload within the limits. A large JPEG is decoded at a part of its size, because its covers are small.

use std::io::Cursor;

use book_cover::RefusalReason;
use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use jpeg_decoder::PixelFormat;

use crate::geometry::{divisor, upright};
use crate::limits::{MAX_BYTES, MAX_DECODER_MEMORY, MAX_PIXELS, MAX_SIDE, MIN_SIDE};

/// The pixels of an upload, and how to turn them.
pub(crate) struct Decoded {
    /// The picture as the file has it, perhaps smaller.
    pub(crate) pixels: DynamicImage,
    /// The size of the upload when it is upright.
    pub(crate) upright_size: (u32, u32),
    /// How to turn it.
    pub(crate) orientation: Orientation,
}

/// Decodes an upload.
///
/// # Errors
/// Returns why the upload is no cover.
pub(crate) fn decode(upload: &[u8]) -> Result<Decoded, RefusalReason> {
    if upload.len() > MAX_BYTES {
        return Err(RefusalReason::FileTooLarge);
    }
    let reader = ImageReader::new(Cursor::new(upload)).with_guessed_format();
    let mut reader = reader.map_err(|_| RefusalReason::Damaged)?;
    let format = reader.format();
    match format {
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif) => {}
        _ => return Err(RefusalReason::UnsupportedFormat),
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let size = decoder.dimensions();
    if u64::from(size.0) * u64::from(size.1) > MAX_PIXELS {
        return Err(RefusalReason::TooManyPixels);
    }
    if size.0 < MIN_SIDE || size.1 < MIN_SIDE {
        return Err(RefusalReason::TooSmall);
    }
    // A broken orientation is no reason to refuse a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let upright_size = upright(size, orientation);
    let smaller = match (format, divisor(upright_size.0)) {
        (Some(ImageFormat::Jpeg), divisor @ 2..) => decode_smaller(upload, size, divisor),
        _ => None,
    };
    let pixels = match smaller {
        Some(pixels) => pixels,
        None => DynamicImage::from_decoder(decoder).map_err(refuse)?,
    };
    Ok(Decoded {
        pixels,
        upright_size,
        orientation,
    })
}

/// Decodes a JPEG in grey or in red, green and blue at a part of its size. `None` leaves every other file, and a damaged one, to the
/// decoder of all formats.
fn decode_smaller(upload: &[u8], size: (u32, u32), divisor: u32) -> Option<DynamicImage> {
    let mut decoder = jpeg_decoder::Decoder::new(upload);
    decoder.set_max_decoding_buffer_size(usize::try_from(MAX_DECODER_MEMORY).ok()?);
    decoder.read_info().ok()?;
    let part = |side: u32| u16::try_from(side.div_ceil(divisor)).ok();
    let (width, height) = decoder.scale(part(size.0)?, part(size.1)?).ok()?;
    let (width, height) = (u32::from(width), u32::from(height));
    match decoder.info()?.pixel_format {
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, decoder.decode().ok()?).map(Into::into),
        PixelFormat::L8 => image::GrayImage::from_raw(width, height, decoder.decode().ok()?).map(Into::into),
        PixelFormat::L16 | PixelFormat::CMYK32 => None,
    }
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
