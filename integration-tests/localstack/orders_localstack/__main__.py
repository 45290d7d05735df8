"""LocalStack, for as long as somebody holds its standard input.

It can take more than a minute to obey SIGTERM. It is started as the leader of a process group here, and when its input
ends, by whatever end of whoever held it, the whole group is killed: LocalStack and the functions that it runs.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    if os.getpgrp() != os.getpid():
        sys.exit("orders_localstack must lead a process group of its own (start_new_session)")
    threading.Thread(target=_end_with_input, daemon=True).start()
    from . import subscribers  # noqa: F401

    runpy.run_module("localstack.runtime.main", run_name="__main__")


if __name__ == "__main__":
    main()
