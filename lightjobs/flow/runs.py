"""A batch that was dispatched: how far it has come, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .. import current
from ..engines.batch_control import cancel_batch, retry_batch
from ..engines.control import Engine
from ..errors import LightjobsError, ResultTimeout
from ..model import StoredBatch
from .parts import parts_of

PAUSES = (0.05, 1.0)
"""Seconds until the second look of `wait`, and the most between later ones. Each look counts the
jobs of the batch."""

LENGTHEN = 1.5
"""By how much each pause is longer than the one before."""


class BatchRun:
    """A batch in the store. All methods raise StoreUnavailable, and LightjobsError if the store
    does not know the batch (any more: it forgets one a week after its end)."""

    def __init__(self, id: str) -> None:
        self.id = id

    def __repr__(self) -> str:
        return f"<BatchRun {self.id}>"

    def progress(self) -> StoredBatch:
        """How far it has come: `total`, `waiting`, `running`, `done`, `failed` and `cancelled` jobs
        (a chain or a batch in it counts as one), and `percent`, the part that has ended."""
        return _found(current.engine(), self.id)

    def add(self, jobs: Iterable[Any]) -> list[str]:
        """Add jobs, chains or batches, all or none, and return the ids of the jobs with which they
        begin. Raises BatchEnded when the batch has ended or was cancelled: inside one of its jobs
        that cannot happen unless it was cancelled."""
        return current.engine().batches.add(self.id, list(parts_of(jobs, self.id, "add()")))

    def cancel(self) -> int:
        """Cancel the batch with all that is part of it, and return the number of jobs: those that
        wait never run, those that run are told, and nothing can be added. `then` is not called;
        `always` is."""
        engine = current.engine()
        _found(engine, self.id)
        return cancel_batch(engine, self.id)

    def retryFailed(self) -> int:
        """Retry all jobs of the batch that have failed, and return their number. When all are done
        then, `then` is called."""
        engine = current.engine()
        _found(engine, self.id)
        return retry_batch(engine, self.id)

    def wait(self, timeout: float | None = None, progress: bool = False) -> StoredBatch:
        """Wait until the batch has ended, `timeout` seconds at most (None: as long as it takes),
        and return its counts. With `progress`, a bar is shown where standard error is a terminal.
        Raises ResultTimeout when it has not ended in time; it goes on.

        Not for event loops, which it blocks, and not for handlers, which would occupy a worker that
        the jobs need.
        """
        engine = current.engine()
        with _shown(progress) as show:
            for pause in _pauses(self.id, timeout):
                found = _found(engine, self.id)
                show(found)
                if found.ended_at is not None:
                    return found
                time.sleep(pause)
        raise AssertionError("unreachable: _pauses ends by raising")

    async def waitAsync(self, timeout: float | None = None) -> StoredBatch:
        """As `wait`, without blocking the event loop."""
        import asyncio  # here: most programs do not need it

        for pause in _pauses(self.id, timeout):
            found = await asyncio.to_thread(self.progress)
            if found.ended_at is not None:
                return found
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: _pauses ends by raising")


def batch_of(id: object) -> BatchRun | None:
    """The batch with that id, as it stands in a job's options; None for no id."""
    return BatchRun(id) if isinstance(id, str) else None


def _found(engine: Engine, id: str) -> StoredBatch:
    found = engine.batches.find(id)
    if found is None:
        raise LightjobsError(f"there is no batch {id}, or it ended more than a week ago")
    return found


def _pauses(id: str, timeout: float | None) -> Iterator[float]:
    """The seconds between looks. Raises ResultTimeout after `timeout` seconds, and ValueError for
    what is no timeout."""
    if timeout is not None and (not isinstance(timeout, (int, float)) or not timeout >= 0):
        raise ValueError(f"timeout is {timeout!r}; allowed: seconds, from 0, or None")
    until = None if timeout is None else time.monotonic() + timeout
    pause = PAUSES[0]
    while True:
        left = PAUSES[1] if until is None else until - time.monotonic()
        yield max(0.0, min(pause, left))
        if until is not None and left <= 0:
            raise ResultTimeout(f"batch {id} has not ended within {timeout:g} s")
        pause = min(PAUSES[1], pause * LENGTHEN)


Show = Callable[[StoredBatch], None]


def _shown(wanted: bool) -> Any:
    from .progress_bar import shown  # here: it imports click, which takes 20 ms

    return shown(wanted)
