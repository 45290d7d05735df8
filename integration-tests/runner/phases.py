"""The duration of each phase of a run."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Phases:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self._durations: list[tuple[str, float]] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        print(f"--- {name} ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            yield
        finally:
            self._durations.append((name, time.monotonic() - started))

    def table(self) -> str:
        lines = [f"  {seconds:6.1f} s  {name}" for name, seconds in self._durations]
        return "\n".join([*lines, f"  {time.monotonic() - self._started:6.1f} s  in total"])
