"""Runs LocalStack until its standard input ends.

After SIGTERM LocalStack can run for more than a minute. Here it leads a process group. When the process that started it ends,
its standard input ends, and the whole group is killed: LocalStack and the functions that it runs.
"""

import os
import runpy
import signal
import sys
import threading


def _kill_group_at_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    if os.getpgrp() != os.getpid():
        sys.exit("orders_localstack must lead a process group of its own (start_new_session)")
    threading.Thread(target=_kill_group_at_end_of_input, daemon=True).start()
    from . import subscribers  # noqa: F401

    runpy.run_module("localstack.runtime.main", run_name="__main__")


if __name__ == "__main__":
    main()
