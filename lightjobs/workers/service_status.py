"""The line that `systemctl status` shows of a supervisor."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..process.service_manager import ServiceManager
from .vitals import Vitals

STATUS_SECONDS = 10.0
"""How often the line is renewed."""


class ServiceStatus:
    """Beats for a supervisor whose loop calls `turn`, and keeps its line up to date."""

    def __init__(self, manager: ServiceManager, vitals: Callable[[], Vitals]) -> None:
        self._manager = manager
        self._vitals = vitals
        self._told_at = time.monotonic()
        self._runs = 0

    def turn(self) -> None:
        """To be called at each turn of the loop."""
        self._manager.beat()
        seconds = time.monotonic() - self._told_at
        if not self._manager.is_there or seconds < STATUS_SECONDS:
            return
        vitals = self._vitals()
        runs = sum(sum(totals.ended) for totals in vitals.runs.values())
        if vitals.is_ready and not vitals.is_stopping:
            self._manager.status(_line(len(vitals.children), (runs - self._runs) / seconds))
        self._told_at += seconds
        self._runs = runs


def _line(children: int, rate: float) -> str:
    many = f"{children} child{'' if children == 1 else 'ren'}"
    return f"{many}, {rate:,.{0 if rate >= 10 else 1}f} jobs/s"
