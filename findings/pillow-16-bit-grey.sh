#!/usr/bin/env bash
# Pillow turns a 16-bit greyscale PNG into 8 bits by clipping, not by scaling: everything brighter than 255 of 65535 is
# white. It neither warns nor fails, and sharp scales the same file.
#
# Caught: whoever makes thumbnails of scans or of product photographs from a camera: a white picture. Divide by 257 first.
# With: Pillow 13.0.0 (PyPI), sharp 0.35.5 (npm), a PNG of three pixels: black, mid-grey, white.
# Seen: Pillow 0 255 255 for convert("L") and for convert("RGB"); sharp 0 128 255.
# Source: https://www.w3.org/TR/png-3/#13Sample-depth-rescaling
set -euo pipefail

# The output when this was recorded.
recorded='Pillow 13.0.0
opened as I;16 0 32896 65535
L 0 255 255
RGB 0 255 255
sharp 0.35.5 0 128 255'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  pillow==13.0.0
npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock \
  sharp@0.35.5

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(
  env -i PATH="$PATH" HOME="$work" "$work/venv/bin/python" - <<'PYTHON'
import os
import struct
import zlib

import PIL
from PIL import Image


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


path = os.environ["HOME"] + "/grey.png"
header = struct.pack(">IIBBBBB", 3, 1, 16, 0, 0, 0, 0)
row = b"\0" + struct.pack(">HHH", 0, 32896, 65535)
with open(path, "wb") as png:
    png.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b""))
print("Pillow", PIL.__version__)
image = Image.open(path)
print("opened as", image.mode, *(image.getpixel((x, 0)) for x in range(3)))
print("L", *image.convert("L").tobytes())
print("RGB", *image.convert("RGB").tobytes()[::3])
PYTHON
  cat >"$work/probe.js" <<'JAVASCRIPT'
const sharp = require("sharp");

sharp(process.env.HOME + "/grey.png").raw().toBuffer({ resolveWithObject: true }).then(({ data, info }) => {
  console.log("sharp", sharp.versions.sharp, ...data.filter((_, index) => index % info.channels === 0));
});
JAVASCRIPT
  env -i PATH="$PATH" HOME="$work" node --no-warnings "$work/probe.js"
)

echo 'guess: 0 128 255 everywhere after the conversion to 8 bits'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
