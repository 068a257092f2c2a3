"""Claims that no store has handed out, and running them."""

from __future__ import annotations

import itertools
from typing import Any

from lightjobs import Job
from lightjobs.execution import registry
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.executor import execute
from lightjobs.execution.run import Run
from lightjobs.model import Claim, NewJob

_ids = itertools.count(1)

ran: list[Any] = []
"""What the handlers of a test note in it; each test begins with an empty one."""


def claim(handler: str = "unknown", payload: str = "{}", **fields: Any) -> Claim:
    """A claim of a job's first run; other fields where given."""
    values: dict[str, Any] = {
        "id": str(next(_ids)),
        "fence": 1,
        "handler": handler,
        "queue": "default",
        "payload": payload,
        "attempts": 1,
        "recoveries": 0,
        "created_at": "2026-01-02 03:04:05",
        "options": None,
    }
    return Claim(**{**values, **fields})


def run(job: type[Job], payload: str = "{}", **fields: Any) -> Run:
    """Run a claim on the Job class `job`."""
    made = Run(claim(registry.handler_of(job), payload, **fields))
    try:
        return run_here(execute(made), made.needs_loop())
    except BaseException as error:  # a KeyboardInterrupt would end the whole test run
        raise AssertionError(f"execute() raised {type(error).__name__}") from error


def new_job(job: type[Job], payload: str = "{}", **fields: Any) -> NewJob:
    """A job of that class, not stored yet."""
    return NewJob(registry.handler_of(job), fields.pop("queue", "default"), payload, **fields)
