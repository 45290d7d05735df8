//! Draws the cover of a sample book: a sky, a sun and the sea, in colours of its ISBN.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

const WIDTH: u32 = 480;
const HEIGHT: u32 = 720;

/// Draws a picture of an ISBN. The same ISBN always gets the same one. Returns a JPEG file.
///
/// # Errors
/// The picture cannot be encoded.
pub(super) fn draw(isbn: &str) -> Result<Vec<u8>, image::ImageError> {
    let seed: u32 = isbn.bytes().fold(7, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let hue = f64::from(seed % 360);
    let sun = (
        120.0 + f64::from(seed / 7 % 240),
        140.0 + f64::from(seed / 11 % 160),
    );
    let radius = 50.0 + f64::from(seed / 13 % 50);
    let horizon = 420.0 + f64::from(seed / 17 % 80);
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        if y > horizon {
            // Each wave is a little darker than the one behind it.
            let wave = ((y - horizon + 8.0 * (x / 40.0 + y / 60.0).sin()) / 28.0).floor();
            return colour(hue + 180.0, 0.45, (0.42 - wave * 0.03).max(0.08));
        }
        if (x - sun.0).hypot(y - sun.1) < radius {
            return colour(hue + 30.0, 0.9, 0.8);
        }
        colour(hue, 0.55, 0.25 + 0.45 * y / horizon)
    });
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Jpeg)?;
    Ok(file.into_inner())
}

/// A colour by hue in degrees, saturation and lightness (0 to 1). Source: CSS Color Module Level 4, "HSL colors".
fn colour(hue: f64, saturation: f64, lightness: f64) -> Rgb<u8> {
    let channel = |n: f64| {
        let k = (n + hue / 30.0) % 12.0;
        let reach = saturation * lightness.min(1.0 - lightness);
        let value = lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the value is from 0 to 255"
        )]
        let byte = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        byte
    };
    Rgb([channel(0.0), channel(8.0), channel(4.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_book_has_a_cover_of_its_own_and_always_the_same() {
        let first = draw("9799410000007").unwrap();
        assert_eq!(first, draw("9799410000007").unwrap());
        assert_ne!(first, draw("9799410001370").unwrap());
        let picture = image::load_from_memory(&first).unwrap();
        assert_eq!((picture.width(), picture.height()), (WIDTH, HEIGHT));
    }

    #[test]
    fn a_colour_is_that_of_css() {
        assert_eq!(colour(0.0, 1.0, 0.5), Rgb([255, 0, 0]));
        assert_eq!(colour(120.0, 1.0, 0.5), Rgb([0, 255, 0]));
        assert_eq!(colour(240.0, 1.0, 0.25), Rgb([0, 0, 128]));
        assert_eq!(colour(77.0, 0.0, 1.0), Rgb([255, 255, 255]));
    }
}
