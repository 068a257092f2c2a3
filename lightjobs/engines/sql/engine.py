"""Jobs in Lightpack's `jobs` table: every verb of the seam. The SQL is in `queries/`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ...errors import LightjobsError
from ...model import (
    STATUSES,
    Claim,
    Cursor,
    Failed,
    Group,
    NewJob,
    Outcome,
    Settlement,
    Stored,
    row_number,
)
from .. import answer_limit
from ..control import Engine
from ..delivery import Patience, deliver
from ..failures import Failure
from ..looks import Looks
from ..store import Progress, pausable
from ..transfer_store import is_under_way
from ..where import EVERYWHERE, Where
from .batch_looks import BatchLooks
from .batches import SqlBatches
from .bulk import Bulk
from .callers.async_transaction import SqlAsyncCallerTransaction
from .callers.transaction import SqlCallerTransaction
from .consistency import SqlConsistency
from .coordination import SqlCoordination, stored_name
from .database import Database, repeatable, undone
from .dialect import HIGHEST_COUNT
from .free_keys import push_free
from .groups import counted
from .leases import Leases
from .lightpack import SqlLightpack
from .listing import Listing
from .metadata import SqlMetadata
from .monitoring import SqlMonitoring
from .outcomes import OutcomeStore
from .requests import carry_out
from .results import SqlResults
from .rows import Row, new_row
from .schedule import SqlSchedule
from .schema import SqlSchema
from .statements import files
from .tied_push import TiedPush, are_tied
from .transfers import SqlTransfers
from .unique import SqlUnique

UNCOUNTABLE = "its attempts or its fence is not a number that can be counted up"
"""The exception of a job whose row somebody has changed so that a claim cannot count it up."""


class SqlEngine(Engine):
    """The engine behind JOB_ENGINE=database."""

    name = "database"
    schema: SqlSchema
    coordination: SqlCoordination
    monitoring: SqlMonitoring

    def __init__(self, database: Database, enqueue_timeout: float = 5.0) -> None:
        files(database.dialect.name)  # read now
        self._db = database
        self._enqueue_timeout = enqueue_timeout
        self._bulk = Bulk(database)
        self._listing = Listing(database)
        self._looks = Looks()
        batch_looks = BatchLooks(database)
        self._leases = Leases(database, batch_looks)
        self.batches = SqlBatches(database, batch_looks, enqueue_timeout, self.name)
        self._outcomes = OutcomeStore(database, batch_looks)
        self.serves_at_once = database.serves_at_once
        self.schedule = SqlSchedule(database)
        self.metadata = SqlMetadata(database)
        self.monitoring = SqlMonitoring(database)
        self.coordination = SqlCoordination(database)
        self.results = SqlResults(database)
        self.unique = SqlUnique(database)
        self.transfers = SqlTransfers(database)
        self.schema = SqlSchema(database)
        self.consistency = SqlConsistency(database, self._leases.recover)
        self.lightpack = SqlLightpack(self._bulk) if database.has_php else None

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if not jobs:
            return []
        if are_tied(jobs):
            tied = partial(self._push_tied, jobs)
            return deliver(tied, len(jobs), self._enqueue_timeout, self.name)
        rows = [new_row(job) for job in jobs]
        push = partial(self._db.push, rows)
        return list(map(str, deliver(push, len(rows), self._enqueue_timeout, self.name)))

    def _push_tied(self, jobs: Sequence[NewJob], patience: Patience) -> list[str]:
        if ids := push_free(self._db, jobs, patience):
            return list(map(str, ids))
        with answer_limit.at_most(patience.seconds), self._db.transaction():
            return carry_out(TiedPush(self._db.dialect, jobs).work(), self._db)

    def join(self, connection: Any) -> SqlCallerTransaction:
        return SqlCallerTransaction(self._db, connection, self.retention.completed != 0)

    def join_async(self, connection: Any) -> SqlAsyncCallerTransaction:
        return SqlAsyncCallerTransaction(self._db, connection)

    @undone
    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        if limit <= 0 or not queues:
            return []
        rows = self._db.claim(worker, queues, limit, skip)
        return self._countable(worker, list(map(Claim._make, rows)))

    @repeatable
    def held(self, worker: str) -> list[Claim]:
        rows = self._db.rows("held", {"worker": worker})
        return self._countable(worker, [Claim(str(row[0]), *row[1:]) for row in rows])

    def _countable(self, worker: str, claims: list[Claim]) -> list[Claim]:
        """`claims` without those whose numbers cannot be counted up: their jobs are failed here."""
        odd = [claim for claim in claims if HIGHEST_COUNT in (claim.fence, claim.attempts)]
        if not odd:
            return claims
        self.settle(worker, [Failed(claim.id, claim.fence, UNCOUNTABLE) for claim in odd])
        return [claim for claim in claims if claim not in odd]

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        answers = self._outcomes.settle(worker, outcomes, self.retention)
        # After the answers, in a step that is not repeated with them: see drop_cancelled.
        self.drop_cancelled(outcomes, answers)
        return answers

    def register(self, worker: str, lease: float) -> None:
        self._leases.register(worker, lease)

    def beat(
        self, workers: Sequence[str], lease: float, notes: Mapping[str, str] | None = None
    ) -> list[str]:
        return self._leases.beat(workers, lease, notes or {})

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        return self._leases.recover(worker, lease)

    def move(
        self,
        name: str,
        where: Where = EVERYWHERE,
        progress: Progress | None = None,
        *,
        spread: int = 0,
    ) -> int:
        return self._bulk.move(name, where, progress, spread)

    def purge(self, where: Where, progress: Progress | None = None) -> int:
        return self._bulk.purge(where, progress)

    def count(self, where: Where) -> int:
        return self._bulk.count(where)

    @undone
    def pause_queue(self, queue: str) -> bool:
        return self._db.run("pause_queue", {"queue": pausable(queue)}) > 0

    @undone
    def resume_queue(self, queue: str) -> bool:
        return self._db.run("resume_queue", {"queue": queue}) > 0

    @repeatable
    def paused_queues(self) -> list[str]:
        return sorted(queue for (queue,) in self._db.rows("paused_queues", {}))

    @repeatable
    def stats(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for queue, status, count in self._db.look("stats", {}):
            if is_under_way(status):
                continue
            statuses = counts.setdefault(queue, dict.fromkeys((*STATUSES, "delayed"), 0))
            statuses[status] = statuses.get(status, 0) + count
        return dict(sorted(counts.items()))

    @repeatable
    def groups(self, queue: str) -> list[Group]:
        return counted(self._db.look("groups", {"queue": queue}))

    @repeatable
    def find(self, job_id: str) -> Stored | None:
        rows = self._db.rows("find", {"id": row_number(job_id)})
        return _stored(rows[0]) if rows else None

    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
        return [_stored(row) for row in self._listing.browse(where, limit, after)]

    def failures(self, most: int) -> Iterator[Failure]:
        if self._db.dialect.steps:
            return self._listing.failures(most)
        return super().failures(most)

    @repeatable
    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while True:
            seen = self._db.changes(queues)
            due_at = self._looks.due_at((queues, seen), partial(self._db.due_in, queues))
            now = time.monotonic()
            if due_at <= now:
                return True
            left = min(deadline, due_at) - now
            if left > 0 and self._db.pause(seen, queues, left):
                return True
            if deadline <= time.monotonic():
                return False

    @undone
    def hit(self, key: str, most: int, seconds: float) -> float:
        params = {"key": stored_name(key), "most": most, "seconds": seconds}
        ((hits, left),) = self._db.rows("hit", params)
        # The window may end while the statement runs, but 0.0 would allow the hit.
        return 0.0 if hits <= most else max(0.001, float(left))

    def tidy(self) -> None:
        self._bulk.serve_all_priorities()
        self.coordination.forget()
        self.monitoring.forget()
        self.unique.forget()
        self.batches.advance()
        self.batches.forget()
        self._db.tidy()

    def problems(self) -> list[str]:
        try:
            if pending := self.schema.pending():
                return [
                    f"{self._db.label}: {len(pending)} migration(s) are pending: "
                    "run `lightjobs migrate:up`"
                ]
            return self._db.problems()
        except LightjobsError as error:
            return [str(error)]

    def warnings(self) -> list[str]:
        with suppress(LightjobsError):  # `problems` says it
            return self._db.warnings()
        return []

    def close(self) -> None:
        self._db.close()


def _stored(row: Row) -> Stored:
    return Stored(str(row[0]), *row[1:])
