"""All that needs attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...visit import Visit
from ..about import warnings
from . import queues, runs, schedule, workers
from .line import Line, cut

RUNBOOK = "docs/how-to/attention.md"
"""Where each kind of line has its part."""


def checks(visit: Visit) -> list[Line] | None:
    """What `lightjobs check` warns of."""
    found = warnings(visit)
    if found is None:
        return None
    lines = [
        Line(
            "store-warning",
            warning,
            "The store is not set up as lightjobs needs it.",
            "Do what the warning says; `lightjobs check` shows whether it is gone.",
            visit.link("about"),
        )
        for warning in found
    ]
    return cut(lines, visit.link("about"))


CHECKS: tuple[Callable[[Visit], list[Line] | None], ...] = (
    queues.unserved,
    queues.slow,
    queues.paused,
    runs.failing,
    runs.long,
    workers.silent,
    workers.of_other_versions,
    schedule.overdue,
    schedule.failing,
    checks,
    queues.kept,
)
"""What is looked for, the most urgent first. Each returns its lines, or None if what it needs is
still being found."""


def attention(visit: Visit) -> dict[str, Any]:
    """The `lines` of what needs attention, and whether they are all (`is_whole`): the store may
    still be looking."""
    found = [check(visit) for check in CHECKS]
    return {
        "lines": [
            {**line._asdict(), "runbook": f"{RUNBOOK}#{line.kind}"}
            for lines in found
            for line in lines or ()
        ],
        "is_whole": None not in found,
    }
