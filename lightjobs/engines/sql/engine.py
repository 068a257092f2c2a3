"""Jobs in Lightpack's `jobs` table: every verb of the seam, the SQL in `queries/`."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from ...errors import LightjobsError
from ...model import (
    PRIORITIES,
    STATUSES,
    Claim,
    Done,
    Failed,
    HandBack,
    LastSlot,
    NewJob,
    Outcome,
    Release,
    Slot,
    Status,
    Stored,
    row_number,
    utc_text,
)
from ..store import (
    ENDED,
    EVERYWHERE,
    MAX_RECOVERIES,
    WORKER_LOST,
    Engine,
    Progress,
    Where,
    legal_move,
    legal_purge,
    pausable,
)
from . import migrate
from .callers.transaction import SqlCallerTransaction
from .database import Database, Row, repeatable, undone
from .enqueue import stored
from .rows import moment, new_row
from .statements import HIGHEST_COUNT
from .statements import where as condition

PART = 5000
"""Rows that one statement of a bulk verb touches, so that no lock is held for long."""

LIMIT_NAME_BYTES = 255

NEVER = -1e15
"""A moment before any: an entry of the schedule that has just become known has had no slot."""

UNCOUNTABLE = "its attempts or its fence is no number to count on"
"""Why a row fails that somebody has changed in the table, and no claim can count up."""

_claim_fields = itemgetter(slice(9))


class SqlEngine(Engine):
    """The engine behind JOB_ENGINE=database."""

    name = "database"

    def __init__(self, database: Database, enqueue_timeout: float = 5.0) -> None:
        self._db = database
        self._enqueue_timeout = enqueue_timeout
        self.serves_at_once = database.serves_at_once

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if not jobs:
            return []
        rows = [new_row(job) for job in jobs]
        what = "the job" if len(rows) == 1 else f"the batch of {len(rows)} jobs"
        seconds = self._enqueue_timeout
        with self._db.bounded(time.monotonic() + seconds):
            return list(map(str, stored(partial(self._db.push, rows), what, seconds)))

    def join(self, connection: Any) -> SqlCallerTransaction:
        return SqlCallerTransaction(self._db, connection, self.retention.completed != 0)

    @undone
    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        if limit <= 0 or not queues:
            return []
        rows = self._db.claim(worker, queues, limit)
        return self._countable(worker, list(map(Claim._make, map(_claim_fields, rows))))

    @repeatable
    def held(self, worker: str) -> list[Claim]:
        rows = self._db.rows("held", {"worker": worker})
        return self._countable(worker, [Claim(str(row[0]), *row[1:]) for row in rows])

    def _countable(self, worker: str, claims: list[Claim]) -> list[Claim]:
        """`claims` without those whose numbers cannot be counted on: these have failed."""
        odd = [claim for claim in claims if HIGHEST_COUNT in (claim.fence, claim.attempts)]
        if not odd:
            return claims
        self.settle(worker, [Failed(claim.id, claim.fence, UNCOUNTABLE) for claim in odd])
        return [claim for claim in claims if claim not in odd]

    @repeatable
    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        if not outcomes:
            return []
        # One that is accepted is a single statement; a transaction would be two round trips more.
        if len(outcomes) == 1 and self._settle_alike(worker, outcomes):
            return [True]
        by_kind: dict[type[Any], list[Outcome]] = {}
        for outcome in outcomes:
            by_kind.setdefault(type(outcome), []).append(outcome)
        with self._db.transaction():
            accepted = sum(self._settle_alike(worker, alike) for alike in by_kind.values())
            if accepted == len(outcomes):
                return [True] * len(outcomes)
            # Which? Only a registered worker holds anything, and while it is known to be
            # registered, how a job stands tells whether this outcome was its last, now or before.
            if not self._db.rows("registered", {"worker": worker}):
                return [False] * len(outcomes)
            return [self._was_accepted(worker, outcome) for outcome in outcomes]

    def _settle_alike(self, worker: str, outcomes: Sequence[Outcome]) -> int:
        """Settle outcomes of one kind; returns how many were accepted now."""
        kind = type(outcomes[0])
        name, as_row = _SETTLE[kind]
        if kind is Done and self.retention.completed != 0:
            name = "settle_completed"
        rows = outcomes if as_row is None else [as_row(outcome) for outcome in outcomes]
        return self._db.run(name, {"worker": worker, "outcomes": json.dumps(rows)})

    def _was_accepted(self, worker: str, outcome: Outcome) -> bool:
        rows = self._db.rows("settled", {"id": int(outcome.id)})
        if not rows:
            return type(outcome) is Done
        status, fence = rows[0]
        if status != Status.QUEUED:
            self._db.run("let_go", {"id": int(outcome.id), "worker": worker})
        expected = {
            Done: Status.COMPLETED,
            Release: Status.NEW,
            HandBack: Status.NEW,
            Failed: Status.FAILED,
        }.get(type(outcome))
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
        self._db.run("let_all_go", {"worker": worker})
        failed = self._db.run(
            "recover_fail",
            {"worker": worker, "limit": MAX_RECOVERIES, "exception": WORKER_LOST},
        )
        return failed + self._db.run("recover", {"worker": worker})

    def recover_php(self, before: float) -> int:
        if not self._db.has_php:
            return 0
        params = {"before": utc_text(before), "limit": PART}
        total = 0
        while touched := self._part("recover_php", params):
            total += touched
        return total

    def move(self, name: str, where: Where = EVERYWHERE, progress: Progress | None = None) -> int:
        move = legal_move(name, where)
        statement = "fresh" if move.fresh else name
        if where.job_id is not None:
            # In one step: whatever becomes of the job meanwhile, it is in one of them.
            return self._one(statement, move.sources, where, progress)
        return sum(self._many(statement, status, where, progress) for status in move.sources)

    def purge(
        self, status: str, where: Where = EVERYWHERE, progress: Progress | None = None
    ) -> int:
        statuses = (legal_purge(status),)
        if where.job_id is not None:
            return self._one("purge", statuses, where, progress, "free")
        return self._many("purge", status, where, progress, "free")

    def expire(self) -> int:
        total = super().expire()
        self._serve_all_priorities()
        self._db.tidy()
        return total

    def _serve_all_priorities(self) -> None:
        """Give jobs whose priority is none of the five the normal one: no claim asks for others."""
        for queue in self._queues(Status.NEW):
            for priority in self._priorities(queue):
                if priority not in PRIORITIES.values():
                    params = {"queue": queue, "priority": priority}
                    which = condition((Status.NEW,), *params)
                    while self._part("normalize", {**params, "limit": PART}, which):
                        pass

    def _priorities(self, queue: str) -> Iterator[Any]:
        """Those that jobs of `queue` wait with."""
        params: dict[str, Any] = {"queue": queue}
        while found := self._next_priority(params):
            ((params["beyond"],),) = found
            yield params["beyond"]

    @repeatable
    def _next_priority(self, params: dict[str, Any]) -> list[Row]:
        return self._db.rows("next_priority", params, condition((Status.NEW,), *params))

    def count(self, status: str, where: Where = EVERYWHERE) -> int:
        if status not in STATUSES or where.status not in (None, status):
            return 0
        params = _filters(where)
        return self._counted(params, condition((status,), *params))

    def _one(
        self,
        name: str,
        statuses: tuple[str, ...],
        where: Where,
        progress: Progress | None,
        *more: str,
    ) -> int:
        if not statuses:
            return 0
        params = _filters(where)
        which = condition(statuses, *params, *more)
        return _told(self._part(name, {**params, "limit": 1}, which), progress)

    def _many(
        self, name: str, status: str, where: Where, progress: Progress | None, *more: str
    ) -> int:
        """Queue by queue, so that each part is an index range, and no more than there were at
        first: the oldest are touched first, and what workers put there meanwhile would never end.
        """
        total = 0
        for queue in self._queues(status) if where.queue is None else [where.queue]:
            params = _filters(where._replace(queue=queue))
            which = condition((status,), *params, *more)
            left = self._counted(params, which)
            while left > 0 and (
                touched := self._part(name, {**params, "limit": min(PART, left)}, which)
            ):
                left -= touched
                total += _told(touched, progress)
        return total

    def _queues(self, status: str) -> Iterator[str]:
        """Those that have jobs with `status`; there may be others among them."""
        queue: str | None = ""  # after no other, and PHP may use it
        while queue is not None:
            yield queue
            queue = self._next_queue(status, queue)

    @repeatable
    def _next_queue(self, status: str, after: str) -> str | None:
        ((queue,),) = self._db.rows("next_queue", {"after": after}, condition((status,)))
        return None if queue is None else str(queue)

    @repeatable
    def _counted(self, params: dict[str, Any], which: str) -> int:
        ((number,),) = self._db.rows("count", params, which)
        return int(number)

    @undone
    def _part(self, name: str, params: dict[str, Any], which: str = "") -> int:
        return self._db.run(name, params, which)

    @undone
    def pause_queue(self, queue: str) -> bool:
        return self._db.run("pause_queue", {"queue": pausable(queue)}) > 0

    @undone
    def resume_queue(self, queue: str) -> bool:
        return self._db.run("resume_queue", {"queue": queue}) > 0

    @repeatable
    def paused_queues(self) -> list[str]:
        return sorted(queue for (queue,) in self._db.rows("paused_queues", {}))

    @undone
    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        if not slots:
            return []
        entries = sorted({slot.entry for slot in slots})
        with self._db.transaction():
            last = self._locked(entries)
            if missing := [entry for entry in entries if entry not in last]:
                # Not all at once: MariaDB locks what is there already, and so do others.
                self._enroll(missing, NEVER)
                last |= self._locked(missing)
            accepted = [_advance(last, slot) for slot in slots]
            jobs = [
                new_row(s.job) for s, taken in zip(slots, accepted, strict=True) if taken and s.job
            ]
            pushed = iter(self._db.push(jobs) if jobs else ())
            ids = [
                str(next(pushed)) if taken and slot.job else None
                for slot, taken in zip(slots, accepted, strict=True)
            ]
            for slot, job_id in zip(slots, ids, strict=True):
                if job_id is not None:
                    last[slot.entry] = last[slot.entry]._replace(job_id=job_id, job_due=slot.due)
            noted = [[entry, *slot[:3]] for entry, slot in last.items()]
            self._db.run("note_slots", {"slots": json.dumps(noted)})
            return ids

    def _locked(self, entries: Sequence[str]) -> dict[str, LastSlot]:
        rows = self._db.rows("lock_slots", {"entries": json.dumps(entries)})
        return {row[0]: _last_slot((*row, False)) for row in rows}

    @repeatable
    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._enroll(entries, due)

    def _enroll(self, entries: Sequence[str], due: float) -> None:
        self._db.run("enroll", {"entries": json.dumps(list(entries)), "due": due})

    @repeatable
    def slots(self) -> dict[str, LastSlot]:
        return {row[0]: _last_slot(row) for row in self._db.rows("slots", {})}

    @undone
    def pause_entry(self, entry: str) -> bool:
        return self._db.run("pause_entry", {"entry": entry}) > 0

    @undone
    def resume_entry(self, entry: str, due: float) -> bool:
        return self._db.run("resume_entry", {"entry": entry, "due": due}) > 0

    @repeatable
    def complete_entry(self, entry: str, job_id: str) -> bool:
        params = {"entry": entry, "job_id": row_number(job_id)}
        return self._db.run("complete_entry", params) > 0

    @undone
    def forget_entry(self, entry: str, before: float) -> bool:
        return self._db.run("forget_entry", {"entry": entry, "before": before}) > 0

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
    def browse(
        self,
        status: str,
        queue: str | None = None,
        limit: int = 50,
        handler: str | None = None,
        before: float | None = None,
    ) -> list[Stored]:
        if status not in STATUSES:
            return []
        name = "browse_ended" if status in ENDED else "browse"
        params = _filters(Where(None, queue, handler, before))
        rows = self._db.rows(name, {**params, "limit": limit}, condition((status,), *params))
        return [_stored(row) for row in rows]

    @repeatable
    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while True:
            seen = self._db.changes(queues)
            due_in = self._db.due_in(queues)
            if due_in is not None and due_in <= 0:
                return True
            due_at = math.inf if due_in is None else time.monotonic() + due_in
            left = min(deadline, due_at) - time.monotonic()
            if left > 0 and self._db.pause(seen, queues, left):
                return True
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


def _filters(where: Where) -> dict[str, Any]:
    """The parameters of the filters that are given; their names are the filters'."""
    given = {
        "id": None if where.job_id is None else row_number(where.job_id),
        "queue": where.queue,
        "handler": where.handler,
        "before": None if where.before is None else utc_text(where.before),
    }
    return {name: value for name, value in given.items() if value is not None}


def _told(touched: int, progress: Progress | None) -> int:
    if touched and progress is not None:
        progress(touched)
    return touched


def _last_slot(row: Row) -> LastSlot:
    _entry, due, job_id, job_due, paused, completed = row
    last_id = None if job_id is None else str(job_id)
    return LastSlot(float(due), last_id, job_due, bool(paused), bool(completed))


def _advance(last: dict[str, LastSlot], slot: Slot) -> bool:
    """Whether `slot` is accepted; if so it is the entry's last."""
    before = last[slot.entry]
    if before.paused or slot.due <= before.due:
        return False
    last[slot.entry] = before._replace(due=slot.due)
    return True


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


def _release_row(outcome: Release) -> list[Any]:
    return [outcome.id, outcome.fence, *moment(outcome.due), outcome.attempts]


# The statement for each kind of outcome and, where the outcome is not its own row, how to make it.
_SETTLE: dict[type[Any], tuple[str, Callable[[Any], list[Any]] | None]] = {
    Done: ("settle_done", None),
    Release: ("settle_release", _release_row),
    HandBack: ("settle_hand_back", None),
    Failed: ("settle_failed", None),
}


def _stored(row: Row) -> Stored:
    return Stored(str(row[0]), *row[1:])
