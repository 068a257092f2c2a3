"""Storing new jobs, all or none, without a step that takes long: while a script runs, the server
answers no one else, and its producer cannot tell it from one that hangs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ...errors import StoreUnavailable
from ...model import NewJob
from ..delivery import ConnectionLost, Refused, Unsent
from .rows import job_arguments, queue_arguments

PART = 2000
"""The most jobs that one step stores; it takes about 50 ms."""

GIVEN_UP_SECONDS = 3600
"""How long after its last step a batch that was not queued counts as given up."""

DROPS = 50
"""The most steps in which jobs of such a batch are deleted at a time."""

Call = Callable[..., Any]
"""Runs a script, given its name and its arguments."""


def store(call: Call, form: str, ids: Sequence[str], jobs: Sequence[NewJob]) -> None:
    """Store jobs in one step, or a larger batch part by part and then queue it in one step.

    Raises ConnectionLost, and not Unsent, only when the jobs may have been queued."""
    if len(ids) <= PART:
        call("push", form, *job_arguments(ids, jobs))
        return
    batch = ids[0]
    try:
        for start in range(0, len(ids), PART):
            part = slice(start, start + PART)
            call("stage", form, batch, *job_arguments(ids[part], jobs[part]))
    except Refused:
        with suppress(StoreUnavailable):
            drop(call, batch)
        raise
    except ConnectionLost as error:
        raise Unsent(
            str(error)
        ) from error  # they are in no queue, whether it was carried out or not
    if not call("queue_staged", batch, str(len(ids)), *queue_arguments(ids, jobs)):
        raise StoreUnavailable("the server has lost a part of the batch")


def drop(call: Call, *batch: str) -> None:
    """Delete the jobs of `batch`, or of the batches that were given up."""
    for _ in range(DROPS):
        if not call("drop_staged", GIVEN_UP_SECONDS, PART, *batch):
            return
