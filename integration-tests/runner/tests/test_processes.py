"""What is started is ended."""

import os
import subprocess
import sys

import pytest

from runner import processes
from runner.processes import Group

# Obeys no SIGTERM, and neither does its child.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(600)
"""


def test_a_group_that_does_not_obey_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    group = Group([sys.executable, "-c", STUBBORN], os.environ, tmp_path / "log", output=subprocess.PIPE)
    child = int(group.process.stdout.readline())
    group.stop()
    assert group.has_ended()
    # The kernel reaps the orphan by its new parent: gone, or a zombie.
    with pytest.raises((FileNotFoundError, AssertionError)), open(f"/proc/{child}/stat") as stat:
        assert stat.read().rsplit(")", 1)[1].split()[0] != "Z"


def test_the_end_of_our_hold_is_the_end_of_its_input(tmp_path):
    group = Group(["cat"], os.environ, tmp_path / "log")
    group.process.stdin.close()
    assert group.process.wait(timeout=20) == 0
    group.stop()
