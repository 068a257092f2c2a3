"""Jobs in Lightpack's `jobs` table: every verb of the seam, the SQL in `queries/`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from ...errors import LightjobsError
from ...record import (
    FAILED,
    NEW,
    PRIORITIES,
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
from .queries import query
from .sqlite import Row, Sqlite, Undecodable

PART = 5000
"""Rows that one statement of a bulk verb touches, so that no lock is held for long."""

_by_claim_order = itemgetter(9, 10, 11)
_claim_fields = itemgetter(slice(9))
_highest_first = sorted(PRIORITIES.values(), reverse=True)


class SqlEngine(Engine):
    """The engine behind JOB_ENGINE=database."""

    name = "database"

    def __init__(self, database: Sqlite) -> None:
        self._db = database

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if not jobs:
            return []
        now = utc_text(time.time())
        ids = self._db.insert(query("push"), [_new_row(job, now) for job in jobs])
        return list(map(str, ids))

    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        try:
            return self._claim(worker, queues, limit)
        except Undecodable:
            return self._claim(worker, queues, limit)

    def _claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        now, us = _moment(time.time())
        claims: list[Claim] = []
        with self._db.transaction() as connection:
            if not self._is_registered(worker):
                return claims
            for queue in queues:
                for priority in _highest_first:
                    if len(claims) >= limit:
                        return claims
                    rows = connection.execute(
                        query("claim"),
                        {
                            "worker": worker,
                            "queue": queue,
                            "priority": priority,
                            "now": now,
                            "us": us,
                            "limit": limit - len(claims),
                        },
                    ).fetchall()
                    rows.sort(key=_by_claim_order)  # RETURNING has no order of its own
                    claims += map(Claim._make, map(_claim_fields, rows))
        return claims

    def held(self, worker: str) -> list[Claim]:
        rows = self._db.rows(query("held"), {"worker": worker})
        return list(map(Claim._make, rows))

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        if not outcomes:
            return []
        by_kind: dict[type[Any], list[Outcome]] = {}
        for outcome in outcomes:
            by_kind.setdefault(type(outcome), []).append(outcome)
        accepted: list[Row] = []
        with self._db.transaction() as connection:
            for kind, alike in by_kind.items():
                name, as_row = _SETTLE[kind]
                rows = alike if as_row is None else [as_row(outcome) for outcome in alike]
                params = {"worker": worker, "outcomes": json.dumps(rows)}
                if kind is Failed:
                    params["now"] = utc_text(time.time())
                accepted += connection.execute(query(name), params).fetchall()
            if len(accepted) == len(outcomes):
                return [True] * len(outcomes)
            known = set(accepted)
            registered = self._is_registered(worker)
            return [
                (int(outcome.id), outcome.fence) in known
                or (registered and self._was_accepted(outcome))
                for outcome in outcomes
            ]

    def _was_accepted(self, outcome: Outcome) -> bool:
        """Whether a registered worker's outcome had been stored by an earlier, equal call."""
        rows = self._db.rows(query("settled"), {"id": int(outcome.id)})
        if not rows:
            return type(outcome) is Done
        status, fence = rows[0]
        expected = {Release: NEW, HandBack: NEW, Failed: FAILED}.get(type(outcome))
        return bool(fence == outcome.fence and status == expected)

    def _is_registered(self, worker: str) -> bool:
        return bool(self._db.rows(query("registered"), {"worker": worker}))

    def register(self, worker: str, lease: float) -> None:
        self._db.rows(query("register"), {"worker": worker, "expires_at": time.time() + lease})

    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        with self._db.transaction():
            expires_at = time.time() + lease
            return [
                worker
                for worker in workers
                if not self._db.rows(query("beat"), {"worker": worker, "expires_at": expires_at})
            ]

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        if worker is not None:
            with self._db.transaction():
                return self._recover(worker)
        now = time.time()
        with self._db.transaction():
            ((may_recover,),) = self._db.rows(query("sweep"), {"now": now, "lease": lease})
            self._db.rows(query("forget_limits"), {"now": now})
            if not may_recover:
                return 0
            dead = self._db.rows(query("expired"), {"now": now})
            return sum(self._recover(worker) for (worker,) in dead)

    def _recover(self, worker: str) -> int:
        failed = self._db.rows(
            query("recover_fail"),
            {
                "worker": worker,
                "limit": MAX_RECOVERIES,
                "exception": WORKER_LOST,
                "now": utc_text(time.time()),
            },
        )
        requeued = self._db.rows(query("recover"), {"worker": worker})
        self._db.rows(query("unregister"), {"worker": worker})
        return len(failed) + len(requeued)

    def move(self, name: str, job_id: str | None = None, queue: str | None = None) -> int:
        legal_move(name)
        params = {
            "id": None if job_id is None else row_number(job_id),
            "queue": queue,
            "now": utc_text(time.time()),
        }
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
            touched = len(self._db.rows(query(name), {**params, "limit": PART}))
            total += touched
            if touched < PART:
                return total

    def stats(self) -> dict[str, dict[str, int]]:
        now, us = _moment(time.time())
        counts: dict[str, dict[str, int]] = {}
        for queue, status, count in self._db.rows(query("stats"), {"now": now, "us": us}):
            statuses = counts.setdefault(queue, dict.fromkeys((*STATUSES, "delayed"), 0))
            statuses[status] = statuses.get(status, 0) + count
        return dict(sorted(counts.items()))

    def find(self, job_id: str) -> Stored | None:
        rows = self._db.rows(query("find"), {"id": row_number(job_id)})
        return _stored(rows[0]) if rows else None

    def browse(self, status: str, queue: str | None = None, limit: int = 50) -> list[Stored]:
        name = "browse" if status in (NEW, QUEUED) else "browse_ended"
        params = {"status": status, "queue": queue, "limit": limit}
        return [_stored(row) for row in self._db.rows(query(name), params)]

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        seen = self._db.changes()
        due = self._first_due(queues)
        while True:
            now = time.time()
            if due is not None and due <= _moment(now):
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._db.pause(left)
            changes = self._db.changes()
            if changes != seen:
                seen = changes
                due = self._first_due(queues)

    def _first_due(self, queues: Sequence[str]) -> tuple[str, int] | None:
        found = [
            row
            for queue in queues
            for priority in _highest_first
            for row in self._db.rows(query("due"), {"queue": queue, "priority": priority})
        ]
        return min(found, default=None)

    def limit(self, key: str, most: int, seconds: float) -> float:
        now = time.time()
        params = {"key": key, "most": most, "seconds": seconds, "now": now}
        ((hits, ends_at),) = self._db.rows(query("limit"), params)
        return 0.0 if hits <= most else float(ends_at) - now

    def install(self, dry_run: bool = False) -> list[str]:
        return migrate.up(self._db, dry_run)

    def installed(self) -> list[tuple[str, str | None]]:
        return migrate.status(self._db)

    def problems(self) -> list[str]:
        try:
            pending = [name for name, applied_at in self.installed() if applied_at is None]
            if pending:
                return [
                    f"{self._db.path.name}: {len(pending)} migration(s) are pending: "
                    "run `lightjobs migrate:up`"
                ]
            with self._db.transaction():
                pass  # took the write lock: the file and its folder can be written
        except LightjobsError as error:
            return [str(error)]
        return []

    def close(self) -> None:
        self._db.close()


def _new_row(job: NewJob, now: str) -> dict[str, Any]:
    scheduled_at, us = (now, 0) if job.due is None else _moment(job.due)
    return {
        "handler": job.handler,
        "queue": job.queue,
        "payload": job.payload,
        "scheduled_at": scheduled_at,
        "scheduled_us": us,
        "priority": job.priority,
        "options": job.options,
        "created_at": now,
    }


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
