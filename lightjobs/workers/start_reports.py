"""What starting children report: that they are ready, or why they cannot start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from .child import READY
from .child_process import Child


class StartReports:
    """Reads the reports of children. Calls `on_ready` once `expected` children are ready."""

    def __init__(self, expected: int, on_ready: Callable[[], None]) -> None:
        self._missing = expected
        self._on_ready = on_ready
        self._printed: set[bytes] = set()

    def read(self, children: Iterable[Child]) -> bool:
        """Read what is there, and return whether a child has become ready. Print why a child cannot
        start, but only once: the others usually report the same."""
        any_ready = False
        for child in children:
            report = child.report()
            if report == READY:
                any_ready = True
                self._missing -= 1
                if self._missing == 0:
                    self._on_ready()
            elif report and report not in self._printed:
                self._printed.add(report)
                print(f"lightjobs: {report.decode()}", file=sys.stderr, flush=True)
        return any_ready
