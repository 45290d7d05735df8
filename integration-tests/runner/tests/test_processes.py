"""Every process that is started is stopped."""

import os
import select
import subprocess
import sys

from runner import processes
from runner.processes import Group

# Ignores SIGTERM, and so does its child. Both hold the output.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(600)
"""


def test_a_group_that_ignores_sigterm_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "STOP_TIMEOUT", 0.2)
    group = Group([sys.executable, "-c", STUBBORN], os.environ, tmp_path / "log", output=subprocess.PIPE)
    output = group.process.stdout
    assert int(output.readline()) != group.process.pid
    group.stop()
    assert group.has_ended()
    # The leader is reaped. Its child may still be ending, or stay a zombie where no process reaps orphans. In both cases the
    # output ends when the last process that holds it has ended.
    ended, _, _ = select.select([output], [], [], 20)
    assert ended and output.read() == b""


def test_its_input_ends_when_it_is_closed_here(tmp_path):
    group = Group(["cat"], os.environ, tmp_path / "log")
    group.process.stdin.close()
    assert group.process.wait(timeout=20) == 0
    group.stop()
