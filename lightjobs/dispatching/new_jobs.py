"""What a dispatch stores: a job object and its payloads become the values that engines take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from .. import current
from ..execution import delay, registry
from ..execution.job_values import checked, options_of
from ..execution.ties import flow_of
from ..model import PRIORITIES, NewJob
from ..payloads.encoding import encode

BATCH = 5000
"""How many jobs `dispatchMany` stores in one round trip."""

TURN_SECONDS = 0.002
"""How long payloads are encoded on an event loop before others have their turn."""


def new_jobs(job: Any, payloads: Iterable[Any], *, is_stored: bool = True) -> list[NewJob]:
    """The jobs to push in order to dispatch `payloads` with the values of `job`. Raises
    PayloadError, and JobDefinitionError for a class that no worker can run; `is_stored` says
    whether a worker is to find it."""
    if not (job._differs_by_payload or job._has_ties):
        return _alike(job, job.queue, payloads, is_stored)
    found = []
    for payload in payloads:
        each = type(job)()
        each.__dict__.update(job.__dict__, payload=payload)
        queue = checked("queue", each.onQueue(), f"{type(job).__name__}.onQueue()")
        found += _alike(each, queue, [payload], is_stored)
    return found


def batches(jobs: list[NewJob]) -> Iterator[list[NewJob]]:
    """`jobs` in parts, each of which is stored whole or not at all."""
    return (jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH))


def reads_time(job: Any) -> bool:
    """Whether `new_jobs` may call `strtotime` for `job`."""
    return job._differs_by_payload or (isinstance(job.delay, str) and job.delay != "now")


async def new_jobs_in_turns(job: Any, payloads: Iterable[Any]) -> list[NewJob]:
    """The same on an event loop, which may do other things in between."""
    import asyncio  # see async_dispatch

    left = iter(payloads)
    found: list[NewJob] = []
    while part := new_jobs(job, _for_one_turn(left)):
        found += part
        await asyncio.sleep(0)
    return found


def _for_one_turn(payloads: Iterator[Any]) -> Iterator[Any]:
    end = time.monotonic() + TURN_SECONDS
    for payload in payloads:
        yield payload
        if time.monotonic() > end:
            return


def _alike(job: Any, queue: str, payloads: Iterable[Any], is_stored: bool) -> list[NewJob]:
    """The jobs for `payloads`, all for one queue and due at one time."""
    due = None if job.delay == "now" else delay.due(job.delay)
    options = options_of(job, due)
    limit = current.settings().max_payload
    handler = registry.to_dispatch(type(job), _is_shared if is_stored else None)
    priority = PRIORITIES[job.priority]
    queue = str(queue)  # without what a setter or the class definition adds
    if job._typed is not None:
        payloads = map(job._typed.dump, payloads)
    texts = [encode(payload, limit) for payload in payloads]
    if job._has_ties:  # then there is one payload, that of `job`
        ties = flow_of(job, handler, texts[0])
        return [NewJob(handler, queue, texts[0], due, priority, options, ties)]
    return [NewJob(handler, queue, text, due, priority, options) for text in texts]


def _is_shared() -> bool:
    """Whether the workers of the configured engine are other processes."""
    return current.engine().unworkable is None
