"""`/`: how things stand, on one screen."""

from __future__ import annotations

from typing import Any

from ...watching.queues import places, totals, workers
from ..history import hour_charts
from ..queue_rows import queue_rows
from ..visit import Visit
from .attention.everything import attention


def view(visit: Visit) -> dict[str, Any]:
    """What needs attention, the numbers of all queues together, the places of all workers, the
    queues, and the last hour."""
    rows = queue_rows(visit)
    return {
        "attention": attention(visit),
        "totals": totals(rows),
        "places": places(workers(visit)),
        "charts": hour_charts(visit),
        "queues": rows,
    }
