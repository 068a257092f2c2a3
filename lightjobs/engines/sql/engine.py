"""Jobs in Lightpack's `jobs` table: every verb of the seam, the SQL in `queries/`."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from ...errors import LightjobsError, StoreUnavailable
from ...record import (
    FAILED,
    NEW,
    QUEUED,
    STATUSES,
    Claim,
    Done,
    Failed,
    HandBack,
    NewJob,
    Outcome,
    Release,
    Stored,
    row_number,
    utc_text,
)
from ..base import MAX_RECOVERIES, WORKER_LOST, Engine, legal_move, legal_purge
from . import migrate
from .database import ConnectionLost, Database, Row, repeatable, undone

PART = 5000
"""Rows that one statement of a bulk verb touches, so that no lock is held for long."""

LIMIT_NAME_BYTES = 255

_claim_fields = itemgetter(slice(9))


class SqlEngine(Engine):
    """The engine behind JOB_ENGINE=database."""

    name = "database"

    def __init__(self, database: Database) -> None:
        self._db = database

    @undone
    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if not jobs:
            return []
        try:
            return list(map(str, self._db.push([new_row(job) for job in jobs])))
        except ConnectionLost as error:
            raise StoreUnavailable(f"{error}; the jobs may or may not have been stored") from error

    @undone
    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        if limit <= 0 or not queues:
            return []
        rows = self._db.claim(worker, queues, limit)
        return list(map(Claim._make, map(_claim_fields, rows)))

    @repeatable
    def held(self, worker: str) -> list[Claim]:
        rows = self._db.rows("held", {"worker": worker})
        return [Claim(str(row[0]), *row[1:]) for row in rows]

    @repeatable
    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        if not outcomes:
            return []
        by_kind: dict[type[Any], list[Outcome]] = {}
        for outcome in outcomes:
            by_kind.setdefault(type(outcome), []).append(outcome)
        with self._db.transaction():
            accepted = 0
            for kind, alike in by_kind.items():
                name, as_row = _SETTLE[kind]
                rows = alike if as_row is None else [as_row(outcome) for outcome in alike]
                params = {"worker": worker, "outcomes": json.dumps(rows)}
                accepted += self._db.run(name, params)
            if accepted == len(outcomes):
                return [True] * len(outcomes)
            # Which? Only a registered worker holds anything, and while it is known to be
            # registered, how a job stands tells whether this outcome was its last, now or before.
            if not self._db.rows("registered", {"worker": worker}):
                return [False] * len(outcomes)
            return [self._was_accepted(outcome) for outcome in outcomes]

    def _was_accepted(self, outcome: Outcome) -> bool:
        rows = self._db.rows("settled", {"id": int(outcome.id)})
        if not rows:
            return type(outcome) is Done
        status, fence = rows[0]
        expected = {Release: NEW, HandBack: NEW, Failed: FAILED}.get(type(outcome))
        return bool(fence == outcome.fence and status == expected)

    @undone
    def register(self, worker: str, lease: float) -> None:
        self._db.run("register", {"worker": worker, "lease": lease})

    @repeatable
    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        with self._db.transaction():
            return [
                worker
                for worker in workers
                if not self._db.run("beat", {"worker": worker, "lease": lease})
            ]

    @undone
    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        if worker is not None:
            with self._db.transaction():
                return self._recover(worker)
        with self._db.transaction():
            ((may_recover,),) = self._db.rows("sweep", {"lease": lease})
            self._db.run("forget_limits", {})
            if not may_recover:
                return 0
            dead = self._db.rows("expired", {})
            return sum(self._recover(worker) for (worker,) in dead)

    def _recover(self, worker: str) -> int:
        # First: it waits for a claim of that worker's under way, and none can follow.
        self._db.run("unregister", {"worker": worker})
        failed = self._db.run(
            "recover_fail",
            {"worker": worker, "limit": MAX_RECOVERIES, "exception": WORKER_LOST},
        )
        return failed + self._db.run("recover", {"worker": worker})

    def move(self, name: str, job_id: str | None = None, queue: str | None = None) -> int:
        legal_move(name)
        params = {"id": None if job_id is None else row_number(job_id), "queue": queue}
        return self._in_parts(name, params)

    def purge(
        self,
        status: str,
        job_id: str | None = None,
        queue: str | None = None,
        before: float | None = None,
    ) -> int:
        params = {
            "status": legal_purge(status),
            "id": None if job_id is None else row_number(job_id),
            "queue": queue,
            "before": None if before is None else utc_text(before),
        }
        return self._in_parts("purge", params)

    def _in_parts(self, name: str, params: dict[str, Any]) -> int:
        total = 0
        while True:
            touched = self._part(name, params)
            total += touched
            if touched < PART:
                return total

    @undone
    def _part(self, name: str, params: dict[str, Any]) -> int:
        return self._db.run(name, {**params, "limit": PART})

    @repeatable
    def stats(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for queue, status, count in self._db.rows("stats", {}):
            statuses = counts.setdefault(queue, dict.fromkeys((*STATUSES, "delayed"), 0))
            statuses[status] = statuses.get(status, 0) + count
        return dict(sorted(counts.items()))

    @repeatable
    def find(self, job_id: str) -> Stored | None:
        rows = self._db.rows("find", {"id": row_number(job_id)})
        return _stored(rows[0]) if rows else None

    @repeatable
    def browse(self, status: str, queue: str | None = None, limit: int = 50) -> list[Stored]:
        name = "browse" if status in (NEW, QUEUED) else "browse_ended"
        params = {"status": status, "queue": queue, "limit": limit}
        return [_stored(row) for row in self._db.rows(name, params)]

    @repeatable
    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while True:
            seen = self._db.changes(queues)
            due_in = self._db.due_in(queues)
            if due_in is not None and due_in <= 0:
                return True
            due_at = math.inf if due_in is None else time.monotonic() + due_in
            if (left := min(deadline, due_at) - time.monotonic()) > 0:
                self._db.pause(seen, queues, left)
            if deadline <= time.monotonic():
                return False

    @undone
    def limit(self, key: str, most: int, seconds: float) -> float:
        params = {"key": _limit_name(key), "most": most, "seconds": seconds}
        ((hits, left),) = self._db.rows("limit", params)
        return 0.0 if hits <= most else max(0.0, float(left))

    def install(self, dry_run: bool = False) -> list[str]:
        return migrate.up(self._db, dry_run)

    def uninstall(self, dry_run: bool = False) -> list[str]:
        return migrate.down(self._db, dry_run)

    def installed(self) -> list[tuple[str, str | None]]:
        return migrate.status(self._db)

    def problems(self) -> list[str]:
        try:
            pending = [name for name, applied_at in self.installed() if applied_at is None]
            if pending:
                return [
                    f"{self._db.label}: {len(pending)} migration(s) are pending: "
                    "run `lightjobs migrate:up`"
                ]
            return self._db.problems()
        except LightjobsError as error:
            return [str(error)]

    def close(self) -> None:
        self._db.close()


def new_row(job: NewJob) -> dict[str, Any]:
    """The parameters of `push.sql`."""
    scheduled_at, us = (None, 0) if job.due is None else _moment(job.due)
    return {
        "handler": job.handler,
        "queue": job.queue,
        "payload": job.payload,
        "scheduled_at": scheduled_at,
        "scheduled_us": us,
        "priority": job.priority,
        "options": job.options,
    }


def _limit_name(key: str) -> str:
    """`key`, or for one that no index column takes, its digest."""
    raw = key.encode("utf-8", "surrogatepass")
    if len(raw) <= LIMIT_NAME_BYTES and b"\0" not in raw and (key.isascii() or _is_text(raw)):
        return key
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _moment(seconds: float) -> tuple[str, int]:
    """A unix time as stored: text in whole seconds, and the microseconds beyond."""
    return utc_text(seconds), int(seconds % 1 * 1_000_000)


def _release_row(outcome: Release) -> list[Any]:
    return [outcome.id, outcome.fence, *_moment(outcome.due), outcome.attempts]


# The statement for each kind of outcome and, where the outcome is not its own row, how to make it.
_SETTLE: dict[type[Any], tuple[str, Callable[[Any], list[Any]] | None]] = {
    Done: ("settle_done", None),
    Release: ("settle_release", _release_row),
    HandBack: ("settle_hand_back", None),
    Failed: ("settle_failed", None),
}


def _stored(row: Row) -> Stored:
    return Stored(str(row[0]), *row[1:])
