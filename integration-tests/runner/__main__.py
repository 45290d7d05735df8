"""`python -m runner localstack|aws|plugins`: the first two are what run-localstack.sh and run-aws.sh call."""

import signal
import sys

from . import aws, localstack, plugins
from .failure import Failure


def _interrupted(number: int, _frame: object) -> None:
    # Unwinds, so that what was started is stopped.
    raise SystemExit(128 + number)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    target, *arguments = sys.argv[1:]
    try:
        return {"localstack": localstack.main, "aws": aws.main, "plugins": plugins.main}[target](arguments)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
