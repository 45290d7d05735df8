"""LocalStack and its functions end when the process that started LocalStack ends."""

import os
import subprocess
import sys
import time

# Instead of LocalStack: it starts a function, and then waits.
STAND_IN = """
import runpy, subprocess, sys, time
from orders_localstack import __main__ as main
sys.modules["orders_localstack.subscribers"] = main
def run_module(*_, **__):
    print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
    time.sleep(600)
runpy.run_module = run_module
main.main()
"""


def is_alive(process_id):
    try:
        with open(f"/proc/{process_id}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    # The process can be reaped before the file is opened, and before it is read.
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_end_of_its_input_ends_the_group():
    leader = subprocess.Popen(
        [sys.executable, "-c", STAND_IN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ), start_new_session=True
    )
    function = int(leader.stdout.readline())
    assert is_alive(function)
    leader.stdin.close()
    assert leader.wait(timeout=20) < 0
    while is_alive(function):
        time.sleep(0.01)


def test_it_refuses_to_run_in_the_group_of_another():
    done = subprocess.run([sys.executable, "-m", "orders_localstack"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1
    assert "process group" in done.stderr
