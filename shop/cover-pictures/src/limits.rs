//! The limits of an upload. They hold before the pixels are decoded, so that a small file cannot ask for much memory.

/// The largest upload in bytes.
pub const MAX_BYTES: usize = book_cover::MAX_BYTES as usize;
/// The largest number of pixels: a photo of 50 megapixels.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The largest width or height in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// The memory that the decoder may take, in bytes: four bytes for each pixel, and as much again for its own work.
pub const MAX_DECODER_MEMORY: u64 = 8 * MAX_PIXELS;
/// The smallest width and height in pixels. Less would look bad in the smallest of [`book_cover::WIDTHS`].
pub const MIN_SIDE: u32 = 160;
