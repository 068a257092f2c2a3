"""`/history`: how runs and queues were over time."""

from __future__ import annotations

from typing import Any

from ..history import PERIODS, history
from ..visit import Visit


def view(visit: Visit) -> dict[str, Any]:
    """The charts of a period, of one queue or handler if the address names it, and the handlers
    that were slowest or failed most."""
    period = visit.choice("span", tuple(PERIODS), "1h")
    queue, handler = visit.text("queue") or None, visit.text("handler") or None
    found = history(visit, period, queue, handler)
    return {
        "span": period,
        "spans": list(PERIODS),
        "queue": queue,
        "handler": handler,
        **(found or {"charts": None, "slowest": None, "most_failing": None}),
    }
