"""What is started is ended."""

import os
import select
import subprocess
import sys

from runner import processes
from runner.processes import Group

# Obeys no SIGTERM, and neither does its child. Both hold the output.
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
    output = group.process.stdout
    assert int(output.readline()) != group.process.pid
    group.stop()
    assert group.has_ended()
    # The leader is reaped, but its child may still be on its way out of the kernel, and remains as a zombie where
    # nobody reaps orphans. Either way the output ends when the last process that holds it has died.
    ended, _, _ = select.select([output], [], [], 20)
    assert ended and output.read() == b""


def test_the_end_of_our_hold_is_the_end_of_its_input(tmp_path):
    group = Group(["cat"], os.environ, tmp_path / "log")
    group.process.stdin.close()
    assert group.process.wait(timeout=20) == 0
    group.stop()
