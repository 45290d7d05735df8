#!/usr/bin/env bash
# Resizer::resize of fast_image_resize takes the type of the pixels as a value (PixelType::U8x3). It builds the code of every type
# into the crate that calls it, for each kind of processor. Resizer::resize_typed builds that of one type.
#
# Caught: whoever resizes pictures of one type by the shorter call, and looks for the minute of their build elsewhere.
# With: fast_image_resize 6.1.0, one function that resizes eight-bit RGB, as an optimized program without symbols.
# Seen: the program of the shorter call has more than twice the code; both make the same picture.
# Source: https://docs.rs/fast_image_resize/6.1.0/fast_image_resize/struct.Resizer.html
set -euo pipefail

# The output when this was recorded.
recorded='the pictures are equal: yes
the program of resize has over twice the code: yes'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/src/bin"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "dispatch"
version = "0.1.0"
edition = "2024"

[dependencies]
fast_image_resize = "=6.1.0"

[profile.release]
opt-level = 1
codegen-units = 1
strip = true
TOML
cat >"$work/src/lib.rs" <<'RUST'
pub const WIDTH: u32 = 64;

pub fn picture() -> Vec<u8> {
    (0..WIDTH * WIDTH * 3).map(|index| (index * 7 % 251) as u8).collect()
}

pub fn show(pixels: &[u8]) {
    let sum = pixels.iter().fold(0_u64, |sum, pixel| sum.wrapping_mul(31).wrapping_add(u64::from(*pixel)));
    println!("{} {sum}", pixels.len());
}
RUST
cat >"$work/src/bin/shorter.rs" <<'RUST'
use dispatch::{WIDTH, picture, show};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};

fn main() {
    let pixels = picture();
    let source = ImageRef::new(WIDTH, WIDTH, &pixels, PixelType::U8x3).unwrap();
    let mut target = Image::new(16, 16, PixelType::U8x3);
    Resizer::new().resize(&source, &mut target, None).unwrap();
    show(target.buffer());
}
RUST
cat >"$work/src/bin/typed.rs" <<'RUST'
use dispatch::{WIDTH, picture, show};
use fast_image_resize::images::{Image, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{PixelType, Resizer};

fn main() {
    let pixels = picture();
    let source = TypedImageRef::<U8x3>::from_buffer(WIDTH, WIDTH, &pixels).unwrap();
    let mut target = Image::new(16, 16, PixelType::U8x3);
    Resizer::new().resize_typed(&source, &mut target.typed_image_mut::<U8x3>().unwrap(), None).unwrap();
    show(target.buffer());
}
RUST
cargo build --quiet --release --manifest-path "$work/Cargo.toml" --target-dir "$work/target"
shorter="$work/target/release/shorter" typed="$work/target/release/typed"
echo "resize: $(stat -c %s "$shorter") bytes, resize_typed: $(stat -c %s "$typed") bytes"
answer() { if "$@"; then echo yes; else echo no; fi; }
seen="the pictures are equal: $(answer test "$("$shorter")" = "$("$typed")")
the program of resize has over twice the code: $(answer test "$(stat -c %s "$shorter")" -gt "$((2 * $(stat -c %s "$typed")))")"

echo 'guess: the type is a value, so that both programs hold about the same code'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
