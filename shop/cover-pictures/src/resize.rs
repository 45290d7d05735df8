//! Makes the covers of an upload: resizes it, and turns it upright.
//!
//! The small picture is turned, and not the large one: a copy of the large one would double the memory.

use book_cover::{RefusalReason, WIDTHS};
use fast_image_resize::images::{Image, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage};

use crate::decode::{Decoded, decode};
use crate::geometry::{fit, upright};

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
    let Decoded {
        pixels,
        upright_size,
        orientation,
    } = decode(upload)?;
    let picture = opaque(pixels);
    let covers = WIDTHS.iter().map(|&asked_width| {
        let (width, height) = fit(upright_size, asked_width);
        // Turning is its own inverse in what it does to the sides.
        let before = upright((width, height), orientation);
        let mut small = DynamicImage::from(scale(&picture, before).ok_or(RefusalReason::Damaged)?);
        small.apply_orientation(orientation);
        let mut jpeg = Vec::new();
        let written = JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&small);
        written.map_err(|_| RefusalReason::Damaged)?;
        Ok(Cover {
            asked_width,
            width,
            height,
            jpeg,
        })
    });
    covers.collect()
}

/// The picture in eight bits a channel, on white where it is transparent.
fn opaque(pixels: DynamicImage) -> RgbImage {
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

/// The picture in another size. `None` cannot happen: all sizes are at least one pixel, and the buffer has the picture's size.
///
/// The type of the pixels is a parameter here. `Resizer::resize` takes it as a value, and builds the code of all thirteen types
/// into this crate: a minute of the first build.
fn scale(picture: &RgbImage, size: (u32, u32)) -> Option<RgbImage> {
    let (from_width, from_height) = picture.dimensions();
    if (from_width, from_height) == size {
        return Some(picture.clone());
    }
    let source = TypedImageRef::<U8x3>::from_buffer(from_width, from_height, picture.as_raw()).ok()?;
    let mut target = Image::new(size.0, size.1, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    let mut pixels = target.typed_image_mut::<U8x3>()?;
    Resizer::new().resize_typed(&source, &mut pixels, &options).ok()?;
    RgbImage::from_raw(size.0, size.1, target.into_vec())
}
