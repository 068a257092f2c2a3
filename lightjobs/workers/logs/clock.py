"""The times at the beginning of lines."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

MILLISECONDS = tuple(f"{number:03d}+00:00" for number in range(1000))
"""The ends of times in ISO format, after a `second_text`: to look one up takes less than to make
it."""


def form(descriptor: int) -> str:
    """How times are shown in lines for people that are written to `descriptor`: without the date on
    a terminal, where lines are seen while they are new."""
    return "%H:%M:%S" if os.isatty(descriptor) else "%Y-%m-%d %H:%M:%S"


def local_text(second: float, form: str) -> str:
    """A moment (unix seconds) in local time."""
    return time.strftime(form, time.localtime(second))


def second_text(second: int) -> str:
    """The beginning of the ISO format of a moment (unix seconds) in UTC, to which one of
    MILLISECONDS belongs."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))


def iso(moment: float) -> str:
    """The ISO format of `moment` (unix seconds): `2030-01-02T03:04:05.678+00:00`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
