"""The queues as pages show them, each with its oldest job."""

from __future__ import annotations

from collections.abc import Mapping

from ..engines.control import Engine
from ..engines.where import Where
from ..model import Status
from ..watching import queues
from ..watching.queues import Row
from .visit import Visit

_MOST_OLDEST = 100
"""For how many queues the oldest job is looked for."""


def queue_rows(visit: Visit) -> list[Row] | None:
    """All queues that have jobs, are paused or are served, by name; None if the jobs are still
    being counted."""
    names = queues.queue_names(visit)
    if names is None:
        return None
    return [row for name in names if (row := queue_row(visit, name)) is not None]


def queue_row(visit: Visit, queue: str) -> Row | None:
    """The queue `queue`, without jobs if it has none, and as `oldest` the id of the job that its
    latency is about, if there is one. None if the jobs are still being counted."""
    row = queues.queue_row(visit, queue)
    return None if row is None else {**row, "oldest": (_oldest(visit) or {}).get(queue)}


def _oldest(visit: Visit) -> Mapping[str, str] | None:
    """The id of each queue's oldest due job, where there is one."""
    return visit.figure("oldest", lambda: _found_oldest(visit.engine))


def _found_oldest(engine: Engine) -> dict[str, str]:
    latencies = engine.latency()
    names = sorted(latencies, key=lambda queue: -latencies[queue])[:_MOST_OLDEST]
    jobs = {queue: engine.browse(Where(queue=queue, status=Status.NEW), 1) for queue in names}
    return {queue: found[0].id for queue, found in jobs.items() if found}
