#!/usr/bin/env python3
"""Counts the instructions of the cases of benchmarks/instructions under Callgrind, and compares them with its baseline.json.

    .ci/instructions.py              fails when a case needs more instructions than recorded, by more than the tolerance
    .ci/instructions.py --record     writes the counts as the new baseline
    .ci/instructions.py --spread 5   counts each case five times, and prints how far the counts are apart

Needs valgrind. A count depends on the compiler and on the processor's features, so the baseline names what it was recorded with.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benchmarks/instructions/baseline.json"
# Runs of one program differ by at most 0.2%, and by 1% where there are fewer than 10,000 instructions: by the seeds of hash maps, the digits of the
# times in log lines, and the place of each block in the heap. The rest is left for processors with other features, for which the C library and
# `memchr` choose other code.
TOLERANCE = 0.02
# Each block that was freed is used again for the next one of its size. By its defaults, glibc keeps seven of a size like that, and looks for others
# in the whole heap: its layout, which depends on the length of the program's path, then decided about 6% of a count.
HEAP = "glibc.malloc.tcache_count=65535:glibc.malloc.top_pad=67108864:glibc.malloc.mmap_threshold=67108864:glibc.malloc.trim_threshold=268435456"
# Callgrind counts inside this function only: not the start of the process, nor the preparation of the input.
COUNTED = "instruction_counts::case::counted*"
# The profile of the simulation: optimized, and most of its dependencies are those of the simulation.
BUILD = ["cargo", "build", "--profile", "simulation", "-p", "instruction-counts", "--bench", "instructions"]


def built() -> Path:
    """Builds the program."""
    output = subprocess.run([*BUILD, "--message-format", "json-render-diagnostics"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    messages = (json.loads(line) for line in output.stdout.splitlines())
    (program,) = (message["executable"] for message in messages if message.get("executable"))
    return Path(program)


def count(program: Path, case: str, run: int) -> int:
    """The instructions of a case. Runs with other numbers have other layouts of the heap."""
    valgrind = shutil.which("valgrind") or sys.exit("valgrind is not installed.")
    options = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no", f"--toggle-collect={COUNTED}"]
    # The log level and the function's name decide which lines are written.
    environment = {"AWS_LAMBDA_FUNCTION_NAME": "instructions", "GLIBC_TUNABLES": HEAP}
    command = [valgrind, *options, "./" * (1 + 9 * run) + program.name, case]
    ended = subprocess.run(
        command, cwd=program.parent, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    collected = re.search(r"Collected : (\d+)", ended.stderr)
    if ended.returncode != 0 or collected is None or int(collected[1]) == 0:
        sys.exit(f"{case} was not counted:\n{ended.stderr}")
    return int(collected[1])


def counts(program: Path, runs: int) -> dict[str, list[int]]:
    """The counts of all cases, each in so many runs."""
    names = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda name: [count(program, name, run) for run in range(runs)], names))
    return dict(zip(names, found, strict=True))


def made_with() -> dict[str, str]:
    """What a count depends on, besides the code."""
    version = lambda *command: subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()  # noqa: E731
    return {"toolchain": version("rustc", "--version"), "valgrind": version("valgrind", "--version"), "architecture": platform.machine()}


def compare(baseline: dict, found: dict[str, int], setting: dict[str, str]) -> tuple[list[str], list[str]]:
    """A line for each case, and what is wrong."""
    recorded = baseline["instructions"]
    lines, wrong = [], []
    for name in sorted(recorded.keys() | found.keys()):
        if name not in found or name not in recorded:
            wrong.append(f"{name}: {'is not recorded' if name in found else 'is recorded, and no case any more'}")
            continue
        change = found[name] / recorded[name] - 1
        note = ""
        if change > TOLERANCE:
            note = "  MORE than recorded"
            wrong.append(f"{name}: {found[name]:,} instructions instead of {recorded[name]:,} ({change:+.1%})")
        elif change < -TOLERANCE:
            note = "  fewer: record them, so that a later rise is seen"
        lines.append(f"{name:<42} {recorded[name]:>12,} {found[name]:>12,} {change:>+8.2%}{note}")
    for key, value in setting.items():
        if wrong and baseline[key] != value:
            wrong.append(f"The {key} differs, and may be the reason: the baseline is of {baseline[key]}, this is {value}.")
    return lines, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write the counts as the new baseline")
    parser.add_argument("--spread", type=int, metavar="RUNS", help="print how far the counts of so many runs are apart")
    arguments = parser.parse_args()
    found = counts(built(), arguments.spread or 1)
    if arguments.spread:
        for name, of_runs in found.items():
            print(f"{name:<42} {min(of_runs):>12,} {max(of_runs):>12,} {max(of_runs) / min(of_runs) - 1:>+9.4%}")
        return
    single = {name: of_runs[0] for name, of_runs in found.items()}
    if arguments.record:
        BASELINE.write_text(json.dumps(made_with() | {"instructions": single}, indent=2) + "\n")
        print(f"recorded in {BASELINE.relative_to(ROOT)}")
        return
    lines, wrong = compare(json.loads(BASELINE.read_text()), single, made_with())
    print(f"{'case':<42} {'recorded':>12} {'now':>12} {'change':>8}", *lines, sep="\n")
    if wrong:
        sys.exit("\n".join(["", *wrong, "", f"The tolerance is {TOLERANCE:.0%}. If the change is worth it: .ci/instructions.py --record"]))


if __name__ == "__main__":
    main()
