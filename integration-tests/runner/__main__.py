"""`python -m runner localstack|aws|rows|tasks|plugins`. run-localstack.sh, run-aws.sh, run-localstack-rows.sh and run-tasks.sh call the first four."""

import signal
import sys

from . import aws, localstack, plugins, rows, tasks
from .failure import Failure


def _interrupt(number: int, _frame: object) -> None:
    # The exception unwinds the stack, which stops every process that was started.
    raise SystemExit(128 + number)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    target, *arguments = sys.argv[1:]
    try:
        mains = {"localstack": localstack.main, "aws": aws.main, "rows": rows.main, "tasks": tasks.main, "plugins": plugins.main}
        return mains[target](arguments)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
