"""What a result was measured with. A figure without its machine says little."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def describe(commit):
    """The date, the commit of the build (by default that of this folder), and the machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    commit = commit or output_of("git", "-C", str(HERE), "describe", "--always", "--dirty")
    return (
        f"{datetime.datetime.now(datetime.UTC):%d %B %Y}, commit {commit}, {os.cpu_count()} processors ({model}), load average {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )


def output_of(*command):
    """The output of a command, without the space around it."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
