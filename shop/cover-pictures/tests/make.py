#!/usr/bin/env python3
"""Draws the pictures of the tests that the `image` crate cannot write. Needs Pillow 12."""

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent


def main():
    # Pillow's own conversion subtracts each channel from 255, without a profile.
    picture = Image.new("RGB", (160, 200), (255, 140, 0))
    ImageDraw.Draw(picture).rectangle((0, 100, 160, 200), (0, 60, 255))
    picture.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=90)

    picture = Image.new("RGB", (300, 200), (20, 160, 20))
    ImageDraw.Draw(picture).rectangle((0, 0, 149, 200), (200, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "A place that nobody must learn"
    for folder in (FOLDER, FOLDER.parents[1] / "storefront/browser-tests"):
        picture.save(folder / "turned.jpg", quality=90, exif=exif)


if __name__ == "__main__":
    main()
