"""`python -m runner localstack|aws|rows|plugins`. run-localstack.sh, run-aws.sh and run-localstack-rows.sh call the first three."""

import signal
import sys

from . import aws, localstack, plugins, rows
from .failure import Failure


def _interrupt(number: int, _frame: object) -> None:
    # The exception unwinds the stack, which stops every process that was started.
    raise SystemExit(128 + number)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    target, *arguments = sys.argv[1:]
    try:
        return {"localstack": localstack.main, "aws": aws.main, "rows": rows.main, "plugins": plugins.main}[target](arguments)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
