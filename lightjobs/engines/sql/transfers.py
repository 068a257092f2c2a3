"""Transfers of jobs in the table `jobs`. A job that is on its way stays in its row: its status says
so and what it was before, and the column for the worker has the id of the transfer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ...errors import LightjobsError
from ...model import Status, Stored, utc_text
from ..moves import ENDED
from ..transfer_store import (
    MOVING,
    Departure,
    Transfer,
    TransferEnded,
    TransferStore,
    arriving,
    key_held,
    ties,
    unix,
)
from .database import Database, repeatable
from .rows import NO_TIES, TIES, Row
from .statements import where as condition
from .tied_push import holds, parts

LEAVING = "leaving"
"""The name under which the transfer from this store is noted: there is one at a time."""

EXPECTED = "expected here"
"""Stands for the target in the store where jobs arrive."""


_PUSHED = (
    *("handler", "queue", "payload", "scheduled_at", "scheduled_us", "priority", "options"),
    *TIES,
)
"""The parameters that `push_tied.sql` takes, in order."""


class SqlTransfers(TransferStore):
    """The transfers of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @repeatable
    def begin(self, transfer: str, target: str) -> Transfer:
        return self._noted(LEAVING, transfer, target)

    def _noted(self, name: str, transfer: str, target: str) -> Transfer:
        """The transfer that is noted under `name`; this one, if there is none."""
        given = {"name": name}
        if not (found := self._db.rows("find_transfer", given)):
            try:
                self._db.run("begin_transfer", {**given, "transfer": transfer, "target": target})
            except LightjobsError:
                # Another process may have been faster.
                if not self._db.rows("find_transfer", given):
                    raise
            found = self._db.rows("find_transfer", given)
        if not found:
            raise TransferEnded("the transfer was ended by another process")
        return Transfer(*found[0][:2])

    @repeatable
    def take(self, transfer: str, status: str, queue: str | None, most: int) -> int:
        given = {} if queue is None else {"queue": queue}
        which = condition((status,), *given, "free", "unbatched")
        by_claim_order = status == Status.NEW and self._db.dialect.steps
        with self._db.transaction():
            if not self._db.run("hold_open_transfer", {"name": LEAVING, "transfer": transfer}):
                raise TransferEnded("the transfer was ended by another process")
            verb = "movable_new" if by_claim_order else "movable"
            ids = [row[0] for row in self._db.rows(verb, {**given, "limit": most}, which)]
            if ids:
                self._db.run("take", {**self._jobs(transfer, ids), "taken": f"{MOVING}{status}"})
        return len(ids)

    @repeatable
    def batched(self, status: str, queue: str | None) -> list[str]:
        given = {} if queue is None else {"queue": queue}
        which = condition((status,), *given, "free", "batched")
        return [str(number) for (number,) in self._db.look("keyed_ids", given, which)]

    @repeatable
    def taken(self, transfer: str) -> tuple[int, list[Departure]]:
        with self._db.transaction():
            if not self._hold(LEAVING, transfer):
                return 0, []
            ((_id, _target, left),) = self._db.rows("find_transfer", {"name": LEAVING})
            rows = self._db.rows("taken", {"transfer": transfer})
        return int(left), list(map(_departure, rows))

    def _hold(self, name: str, transfer: str, count: int = 0) -> bool:
        """Lock a transfer, and count more of its jobs. Returns whether it is noted."""
        params = {"name": name, "transfer": transfer, "count": count}
        return self._db.run("hold_transfer", params) > 0

    @repeatable
    def leave(self, transfer: str, ids: Sequence[str]) -> None:
        with self._db.transaction():
            if ids and self._hold(LEAVING, transfer):
                given = self._jobs(transfer, ids)
                self._free_keys(
                    sorted({key for (key,) in self._db.rows("leaving_keys", given)}), ids
                )
                self._hold(LEAVING, transfer, self._db.run("leave", given))

    def _free_keys(self, names: Sequence[str], ids: Sequence[str]) -> None:
        """Free those of the keys that jobs with these ids took last. The key of a job that is gone
        is free without that, unless its scope is "window"."""
        for part in parts(names):
            others = {row[0] for row in self._lock_keys(part) if str(row[1]) not in ids}
            if mine := [name for name in part if name not in others]:
                self._db.run("delete_keys", {"keys": self._db.dialect.packed(mine)})

    def _lock_keys(self, names: Sequence[str]) -> list[Row]:
        """Lock keys, in the order of their names; returns the rows of key_holders."""
        given = {"keys": self._db.dialect.packed(names)}
        self._db.run("lock_keys", given)
        return self._db.rows("key_holders", given)

    @repeatable
    def stay(self, transfer: str, ids: Sequence[str]) -> None:
        if ids:
            self._db.run("stay", self._jobs(transfer, ids))

    def _jobs(self, transfer: str, ids: Sequence[str | int]) -> dict[str, Any]:
        return {"transfer": transfer, "ids": self._db.dialect.bound_ids(list(map(int, ids)))}

    @repeatable
    def close(self, transfer: str) -> None:
        self._db.run("close_transfer", {"name": LEAVING, "transfer": transfer})

    @repeatable
    def end(self, transfer: str) -> int:
        with self._db.transaction():
            if not self._hold(LEAVING, transfer):
                return 0
            count = self._db.run("put_back", {"transfer": transfer})
            self._db.run("forget_transfer", {"name": LEAVING, "transfer": transfer})
        return count

    @repeatable
    def expect(self, transfer: str) -> None:
        self._noted(transfer, transfer, EXPECTED)

    @repeatable
    def arrive(self, transfer: str, first: int, jobs: Sequence[Departure]) -> bool:
        with self._db.transaction():
            if not self._hold(transfer, transfer):
                return False
            ((_id, _target, arrived),) = self._db.rows("find_transfer", {"name": transfer})
            if new := arriving(int(arrived), first, jobs):
                rows = list(map(_arrival, new))
                if any(job.key_seconds is not None for job in new):
                    self._arrive_with_keys(new, rows)
                else:
                    self._db.run_many("arrive", rows)
                self._hold(transfer, transfer, len(rows))
        return True

    def _arrive_with_keys(self, jobs: Sequence[Departure], rows: Sequence[dict[str, Any]]) -> None:
        """Store jobs of which some take keys."""
        taken = {row["unique_key"] for job, row in zip(jobs, rows, strict=True) if _takes_key(job)}
        for part in parts(sorted(taken)):
            for key, holder, scope, _until, status in self._lock_keys(part):
                if holds(scope, status):
                    raise key_held(key, str(holder))
        ids = self._db.push([{name: row[name] for name in _PUSHED} for row in rows])
        complete = [
            {"id": int(number), **{name: row[name] for name in row if name not in _PUSHED}}
            for number, row in zip(ids, rows, strict=True)
        ]
        self._db.run_many("arrived", complete)
        mine = [
            [row["unique_key"], int(number), row["unique_scope"], job.key_seconds]
            for number, row, job in zip(ids, rows, jobs, strict=True)
            if _takes_key(job)
        ]
        for part in parts(mine):
            self._db.run("take_keys", {"keys": self._db.dialect.packed(part)})

    @repeatable
    def forget(self, transfer: str) -> bool:
        return self._db.run("forget_transfer", {"name": transfer, "transfer": transfer}) > 0


def _departure(row: Row) -> Departure:
    size = len(Stored._fields)
    job = Stored._make((str(row[0]), *row[1:size]))
    job = job._replace(status=job.status.removeprefix(MOVING), worker=None)
    us, scope, seconds, group_limit, held_as, left = row[size:]
    due = unix(job.scheduled_at)
    return Departure(
        job,
        None if due is None else due + us / 1e6,
        ties(job, scope, seconds, group_limit),
        float(left) if held_as is not None and holds(held_as, job.status) else None,
    )


def _takes_key(departure: Departure) -> bool:
    """Whether the job takes its key where it arrives."""
    return departure.key_seconds is not None


def _arrival(departure: Departure) -> dict[str, Any]:
    """The parameters of `arrive.sql`."""
    job, now = departure.job, time.time()
    unique, group, group_limit, batch = departure.flow or NO_TIES
    # Rounded: a fraction of unix seconds is seldom a whole number of microseconds.
    second, us = divmod(round((now if departure.due is None else departure.due) * 1e6), 1_000_000)
    ended_at = unix(job.failed_at)
    if ended_at is None and job.status in ENDED:
        ended_at = now
    return {
        "handler": job.handler,
        "queue": job.queue,
        "payload": job.payload,
        "status": str(job.status),
        "attempts": job.attempts,
        "priority": job.priority,
        "created_at": job.created_at if unix(job.created_at) is not None else utc_text(now),
        "scheduled_at": utc_text(second),
        "scheduled_us": us,
        "exception": job.exception,
        "failed_at": None if ended_at is None else utc_text(ended_at),
        "recoveries": job.recoveries,
        "options": job.options,
        "errors": job.error_lines,
        "result": job.result_text,
        "progress": job.progress_text,
        "kept_until": job.kept_until,
        "unique_key": None if unique is None else unique.key,
        "unique_scope": None if unique is None else unique.scope,
        "unique_seconds": None if unique is None else unique.seconds,
        "group_key": group,
        "group_limit": group_limit,
        "batch_id": batch,
    }
