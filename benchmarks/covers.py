#!/usr/bin/env python3
"""Measures cover-resizer beside sharp (Node.js) and Pillow (Python): processor time, peak memory and quality for a photo of 12 megapixels.

    cargo build --release -p cover-pictures --example resize
    python3 benchmarks/covers.py --resize target/release/examples/resize [--rounds 5]

Needs Python 3.11 with pip, Node.js 20 with npm, and their registries. The packages are pinned below, and go into a temporary folder. The
photos are drawn here, one upright and one that EXIF says to turn. Each program makes JPEGs of three widths of each.

The programs take turns, so that other load of the machine slows all alike. The processor time of a photo leaves out the start of the program:
it is a fifth of what a run with six photos takes more than a run with one. The memory is the peak of the process with one photo, its
runtime included, because a function pays for that too. The quality is the structural similarity (SSIM) with the photo scaled in floating
point by a Lanczos filter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHON_PACKAGES = ["numpy==2.4.6", "pillow==13.0.0", "scikit-image==0.26.0"]
NODE_PACKAGES = ["sharp@0.35.5"]
WIDTHS = [160, 320, 640]
QUALITY = 82
# How many photos the longer run makes more than the shorter one.
MORE = 5

DRAW = """
import sys
import numpy
from PIL import Image

# Smooth surfaces, edges, and noise as of a sensor. 4000 by 3000 pixels.
width, height = 4000, 3000
random = numpy.random.default_rng(12)
y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
picture = numpy.empty((height, width, 3), numpy.float32)
for channel in range(3):
    waves = numpy.sin(x / (90 + 40 * channel)) + numpy.cos(y / (70 + 30 * channel)) + numpy.sin((x + y) / 23)
    picture[..., channel] = 120 + 30 * waves
for _ in range(400):
    left, top = int(random.integers(0, width)), int(random.integers(0, height))
    across, down = (int(size) for size in random.integers(20, 400, 2))
    picture[top : top + down, left : left + across] = random.uniform(0, 255, 3)
picture += random.normal(0, 6, picture.shape)
photo = Image.fromarray(picture.clip(0, 255).astype(numpy.uint8))
photo.save(sys.argv[1] + "/upright.jpg", quality=92)
exif = photo.getexif()
exif[0x0112] = 6
photo.save(sys.argv[1] + "/turned.jpg", quality=92, exif=exif)
"""

PILLOW = f"""
import sys
from PIL import Image, ImageOps

for _ in range(int(sys.argv[3])):
    with Image.open(sys.argv[1]) as file:
        photo = ImageOps.exif_transpose(file).convert("RGB")
    for width in {WIDTHS}:
        size = (width, round(photo.height * width / photo.width))
        photo.resize(size, Image.Resampling.LANCZOS).save(f"{{sys.argv[2]}}/{{width}}.jpg", quality={QUALITY})
"""

SHARP = f"""
import sharp from "sharp";

const [photo, directory, times] = process.argv.slice(2);
sharp.cache(false);
for (let time = 0; time < Number(times); time += 1) {{
  for (const width of {WIDTHS}) {{
    await sharp(photo).autoOrient().resize({{ width }}).jpeg({{ quality: {QUALITY} }}).toFile(`${{directory}}/${{width}}.jpg`);
  }}
}}
"""

COMPARE = """
import json, sys
import numpy
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity

photo = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
found = {}
for width in json.loads(sys.argv[3]):
    with Image.open(f"{sys.argv[2]}/{width}.jpg") as file:
        made = numpy.asarray(file.convert("RGB"), numpy.float32)
    size = (made.shape[1], made.shape[0])
    wanted = [
        numpy.asarray(Image.fromarray(numpy.asarray(band, numpy.float32)).resize(size, Image.Resampling.LANCZOS))
        for band in photo.split()
    ]
    wanted = numpy.stack(wanted, axis=-1).clip(0, 255)
    found[width] = float(structural_similarity(wanted, made, data_range=255, channel_axis=-1))
print(json.dumps(found))
"""


def install(folder):
    """Install the packages. Return Python's program."""
    subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    python = folder / "python/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON_PACKAGES], check=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--save-exact", *NODE_PACKAGES]
    subprocess.run(npm, cwd=folder, check=True)
    for name, program in [("pillow.py", PILLOW), ("sharp.js", SHARP), ("draw.py", DRAW), ("compare.py", COMPARE)]:
        (folder / name).write_text(program)
    return python


def run(command):
    """Run a program to its end. Return its processor time in seconds, and its peak memory in MiB."""
    process = subprocess.Popen([str(part) for part in command])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with status {process.returncode}")
    # Linux counts in KiB.
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(programs, photo, folder, rounds):
    """Measure all programs in turns. Return for each the medians of processor time and memory."""
    seconds, memory = {name: [] for name in programs}, {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            target = folder / name
            target.mkdir(exist_ok=True)
            one, peak = run([*command, photo, target, 1])
            more, _ = run([*command, photo, target, 1 + MORE])
            seconds[name].append((more - one) / MORE)
            memory[name].append(peak)
    return {name: (statistics.median(seconds[name]), statistics.median(memory[name])) for name in programs}


def report(title, found, ours):
    print(title)
    for name, (seconds, memory, similarity, size) in found.items():
        time_ratio, memory_ratio = found[ours][0] / seconds, found[ours][1] / memory
        print(
            f"  {name:14} {seconds * 1000:6.0f} ms   {memory:6.1f} MiB   SSIM {similarity:.4f}   {size / 1024:6.1f} KiB   "
            f"{ours} takes {time_ratio:.2f} of its time and {memory_ratio:.2f} of its memory"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resize", type=Path, required=True, help="the example `resize` of cover-pictures, a release build")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install(folder)
        subprocess.run([python, folder / "draw.py", folder], check=True)
        programs = {
            "cover-resizer": [arguments.resize.resolve()],
            "sharp": ["node", folder / "sharp.js"],
            "Pillow": [python, folder / "pillow.py"],
        }
        for photo in ["upright.jpg", "turned.jpg"]:
            measured = measure(programs, folder / photo, folder, arguments.rounds)
            found = {}
            for name, (seconds, memory) in measured.items():
                compare = [python, folder / "compare.py", folder / photo, folder / name, json.dumps(WIDTHS)]
                similar = json.loads(subprocess.run(compare, check=True, stdout=subprocess.PIPE, text=True).stdout)
                size = sum((folder / name / f"{width}.jpg").stat().st_size for width in WIDTHS)
                found[name] = (seconds, memory, min(similar.values()), size)
            megabytes = (folder / photo).stat().st_size / 1e6
            report(f"{photo}: 4000 by 3000 pixels, {megabytes:.1f} MB, medians of {arguments.rounds}", found, "cover-resizer")


if __name__ == "__main__":
    main()
