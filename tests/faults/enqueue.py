"""A producer whose store may be away."""

from __future__ import annotations

from lightjobs.engines.control import Engine
from lightjobs.model import NewJob

TIMEOUT = 0.6
"""Seconds for which it tries to enqueue."""


def push(engine: Engine, count: int = 1) -> list[str]:
    """Enqueue one job, or a batch."""
    return engine.push([NewJob("App\\Jobs\\Work", "default", "{}")] * count)
