"""Moving jobs from one store to another while workers run, written once for all engines.

The jobs go part by part: the source takes them out of reach, the target stores them, the source
deletes them. Whoever is killed in between leaves a part that is on its way, and the next mover
brings it to its end first. That no job is lost or stored twice is the promise of the verbs: see
`transfer_store.py`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import LightjobsError, SchemaOutdated, StoreUnavailable
from .control import Engine
from .store import Progress
from .transfer_store import MOVABLE, Departure, Transfer, TransferEnded, TransferStore

MOST = 500
"""The most jobs of a part."""

BYTES = 4_000_000
"""About how much text a part has, and the most that is sent to the target at once if it is more
than one job."""

IN_BATCH = "it is part of a batch, and batches are not moved"
"""Why jobs of batches stay."""

_ABORTING = (StoreUnavailable, SchemaOutdated, TransferEnded)
"""Errors that are not about a single job."""


class Moved(NamedTuple):
    """What has become of the jobs."""

    counts: dict[str, int]
    """How many have been moved, by status."""
    stayed: dict[str, str]
    """The ids of the jobs that could not be moved, and why."""
    resumed: bool
    """Whether a move that had not ended was brought to its end first."""


def transfers_of(engine: Engine) -> TransferStore:
    """The part of `engine` for transfers. Raises LightjobsError if it has none."""
    if engine.transfers is None:
        raise LightjobsError(f"the engine {engine.name} cannot move jobs to another store")
    return engine.transfers


def move_jobs(
    source: Engine,
    target: Engine,
    name: str,
    queue: str | None = None,
    progress: Progress | None = None,
) -> Moved:
    """Move all jobs of `queue`, or of all queues, that no worker holds from `source` to `target`,
    which people call `name`. Jobs that are dispatched in the meantime may stay behind. `progress`
    is called with the number of jobs of each part.

    It may be killed at any moment and called again, and workers may run on both sides. Raises
    LightjobsError if both are the same store, if an earlier move went to another store and has not
    ended, and if another process has taken this move over; and StoreUnavailable and SchemaOutdated.
    """
    return _Mover(transfers_of(source), transfers_of(target), progress).run(name, queue)


def give_back(source: Engine) -> int:
    """Put the jobs of a move that has not ended back to where they were in `source`, and forget
    that move. Returns their number. Jobs that have arrived at its target are then in both stores.
    Raises StoreUnavailable and SchemaOutdated."""
    store = transfers_of(source)
    transfer = store.begin(_new_id(), "")
    store.close(transfer.id)
    while departures := store.taken(transfer.id)[1]:
        store.stay(transfer.id, [departure.job.id for departure in departures])
    return store.end(transfer.id)


class _Mover:
    def __init__(
        self, source: TransferStore, target: TransferStore, progress: Progress | None
    ) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._counts: Counter[str] = Counter()
        self._stayed: dict[str, str] = {}

    def run(self, name: str, queue: str | None) -> Moved:
        self._refuse_same()
        transfer, resumed = self._begun(name)
        self._target.expect(transfer.id)
        most = MOST // 10
        for status in MOVABLE:
            while self._source.take(transfer.id, status, queue, most) == most:
                most = self._next_size(most, self._bring(transfer))
            self._bring(transfer)
        self._finish(transfer)
        for status in MOVABLE:
            self._stayed |= dict.fromkeys(self._source.batched(status, queue), IN_BATCH)
        return Moved(dict(self._counts), self._stayed, resumed)

    def _refuse_same(self) -> None:
        """Two addresses may lead to one store. What is noted on one side shows on the other."""
        probe = _new_id()
        self._target.expect(probe)
        if self._source.forget(probe):
            raise LightjobsError("both sides are the same store")
        self._target.forget(probe)

    def _begun(self, name: str) -> tuple[Transfer, bool]:
        """A new transfer, once those that others have left are finished; and whether there were
        any."""
        resumed = False
        while True:
            wanted = _new_id()
            found = self._source.begin(wanted, name)
            if found.id == wanted:
                return found, resumed
            self._finish(found)
            resumed = True

    def _finish(self, transfer: Transfer) -> None:
        """Bring what is on its way to its end, and forget the transfer. In this order: once it is
        closed nothing more sets out, so the target may forget what has arrived."""
        self._source.close(transfer.id)
        while self._bring(transfer):
            pass
        self._target.forget(transfer.id)
        self._source.end(transfer.id)

    def _bring(self, transfer: Transfer) -> int:
        """Bring all that is on its way to the target. Returns the size of its texts."""
        left, departures = self._source.taken(transfer.id)
        for departure in departures:
            if departure.unknown:
                fields = ", ".join(departure.unknown)
                self._let_stay(transfer, departure, f"the other store has no place for {fields}")
        jobs = [departure for departure in departures if not departure.unknown]
        sent: list[Departure] = []
        for chunk in _chunks(jobs):
            sent += self._send(transfer, left + len(sent), chunk)
        if sent:
            self._source.leave(transfer.id, [departure.job.id for departure in sent])
            self._counts.update(departure.job.status for departure in sent)
            if self._progress is not None:
                self._progress(len(sent))
        return sum(map(_size, departures))

    def _send(
        self, transfer: Transfer, first: int, jobs: Sequence[Departure]
    ) -> Sequence[Departure]:
        """Store jobs in the target, the first with the number `first`. If it refuses them, they are
        halved until the refusal concerns one job, and that one stays. Returns the others."""
        try:
            if not self._target.arrive(transfer.id, first, jobs):
                raise TransferEnded(
                    f"an earlier move from here to {transfer.target} has not ended: run that one "
                    "again first"
                )
            return jobs
        except _ABORTING:
            raise
        except (LightjobsError, ValueError, OverflowError) as error:
            if len(jobs) == 1:
                # Before others get its number.
                self._let_stay(transfer, jobs[0], str(error))
                return []
            half = len(jobs) // 2
            sent = list(self._send(transfer, first, jobs[:half]))
            return [*sent, *self._send(transfer, first + len(sent), jobs[half:])]

    def _let_stay(self, transfer: Transfer, departure: Departure, reason: str) -> None:
        self._source.stay(transfer.id, [departure.job.id])
        self._stayed[departure.job.id] = reason

    @staticmethod
    def _next_size(most: int, size: int) -> int:
        """How many jobs to take next, after `most` jobs with texts of that size."""
        if size > BYTES:
            return max(1, most * BYTES // size)
        return min(MOST, most * 2)


def _new_id() -> str:
    return secrets.token_hex(8)


def _size(departure: Departure) -> int:
    job = departure.job
    texts = (job.payload, job.exception, job.error_lines, job.result_text, job.options)
    return sum(len(text) for text in texts if text)


def _chunks(jobs: Sequence[Departure]) -> Iterator[Sequence[Departure]]:
    """The jobs in rows with no more than BYTES of text, unless it is a single job."""
    row: list[Departure] = []
    size = 0
    for job in jobs:
        if row and size + _size(job) > BYTES:
            yield row
            row, size = [], 0
        row.append(job)
        size += _size(job)
    if row:
        yield row
