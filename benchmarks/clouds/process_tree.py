"""What a program and all processes under it take: processor time and memory. Linux only."""

import os
import threading
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
# The seconds between two looks at the memory.
INTERVAL = 1.0


class ProcessTree:
    """The processes with these ids, and all that they have started and still run."""

    def __init__(self, roots):
        self.roots = roots

    def processor_time(self):
        """The seconds that its processes have run, with those that have ended and that their parents have waited for."""
        ticks = sum(sum(map(int, read_stat(pid)[11:15])) for pid in self.process_ids())
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """In MiB, its proportional set size: memory that several processes share counts once."""
        return sum(map(proportional_set_size, self.process_ids())) / 1024

    def process_ids(self):
        children = defaultdict(list)
        for folder in PROC.iterdir():
            if folder.name.isdigit():
                children[int((read_stat(folder.name) or [0, 0])[1])].append(int(folder.name))
        found, left = [], list(self.roots)
        while left:
            pid = left.pop()
            found.append(pid)
            left += children[pid]
        return [pid for pid in found if read_stat(pid)]


def read_stat(pid):
    """The fields of /proc/PID/stat after the name of the program, or none if the process has ended. The second is the parent."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def proportional_set_size(pid):
    """In KiB, or 0 if the process has ended."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


class PeakMemory:
    """Looks at the memory of a tree until the block ends. `peak` is the largest that was seen, in MiB."""

    def __init__(self, tree):
        self.tree, self.peak = tree, 0.0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while True:
            self.peak = max(self.peak, self.tree.memory())
            if self.ended.wait(INTERVAL):
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
