#!/usr/bin/env python3
"""The folders of a crate and of every crate of the workspace that it needs, for its tests too.

    .ci/crates.py CRATE...     one folder a line
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def folders(*names: str) -> list[str]:
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)["packages"]
    by_name = {package["name"]: package for package in packages}
    needed, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [one["name"] for one in by_name[name]["dependencies"] if one["name"] in by_name]
    return sorted(str(Path(by_name[name]["manifest_path"]).parent.relative_to(ROOT)) for name in needed)


if __name__ == "__main__":
    print("\n".join(folders(*sys.argv[1:])))
