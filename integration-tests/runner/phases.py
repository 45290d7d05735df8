"""What took how long."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Phases:
    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._taken: list[tuple[str, float]] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        print(f"--- {name} ...", file=sys.stderr, flush=True)
        begun = time.monotonic()
        try:
            yield
        finally:
            self._taken.append((name, time.monotonic() - begun))

    def table(self) -> str:
        lines = [f"  {seconds:6.1f} s  {name}" for name, seconds in self._taken]
        return "\n".join([*lines, f"  {time.monotonic() - self._begun:6.1f} s  in all"])
