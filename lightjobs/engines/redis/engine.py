"""Jobs in Redis or Valkey, in the layout that Lightpack's PHP workers share.

Every verb is one script, so it happens in one step; the keys are made in `scripts/lib.lua`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from redis import exceptions

from ...errors import (
    LightjobsError,
    SettingsError,
    StoreInDoubt,
    StoreUnavailable,
    UnknownWorker,
)
from ...model import (
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
from .blocking_wait import BlockingWait
from .bulk import PART, argument, listed, touch
from .cluster import Node
from .durability import risks
from .ids import new_ids
from .lua import call
from .php_reconcile import PhpReconciler, scan
from .producer import InDoubt, Producer, Unsent

ASIDE = "aside"
"""What is shown as the status of a job that cannot be read."""

_COUNTED = (
    Status.NEW,
    "delayed",
    Status.QUEUED,
    Status.FAILED,
    Status.PAUSED,
    Status.CANCELLED,
    Status.COMPLETED,
)
"""What a row of stats.lua counts, behind the queue's name."""

DUE = b"due"
"""The token that a push leaves for a waiting worker when there is something to claim."""

_KINDS = {Done: "done", Release: "release", HandBack: "hand back", Failed: "failed"}


class RedisEngine(Engine):
    """The engine behind JOB_ENGINE=redis and valkey."""

    def __init__(
        self,
        node: Node,
        prefix: str,
        form: str,
        name: str = "redis",
        enqueue_timeout: float = 5.0,
    ) -> None:
        self.name = name
        self._node = node
        self._producer = Producer(node, enqueue_timeout)
        self._blocking_wait = BlockingWait(node)
        self._prefix = prefix
        self._form = form
        self._php_reconciler = PhpReconciler(self._call, self._execute, prefix)

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        ids = new_ids(len(jobs))
        if ids:
            # One script for all: the list is stored whole or not at all.
            rows = chain.from_iterable(map(_new_row, ids, jobs))
            try:
                call(self._producer.send, "push", self._prefix, self._form, *rows)
            except InDoubt as error:
                raise StoreInDoubt(
                    f"{self.name}: {_spoken(ids)} may or may not have been stored: {error}"
                ) from error
            except Unsent as error:
                with self._translated(f"{_spoken(ids)} was not stored"):
                    raise error.cause from None
        return ids

    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        reply = self._call("claim", worker, limit, *queues)
        if reply is None:
            raise UnknownWorker(f"{self.name} knows no worker {worker!r}")
        return _claims(reply)

    def held(self, worker: str) -> list[Claim]:
        return _claims(self._call("held", worker))

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        if not outcomes:
            return []
        rows = [(_KINDS[type(outcome)], *_fields(outcome)) for outcome in outcomes]
        keep = int(self.retention.completed != 0)
        return [answer == 1 for answer in self._call("settle", worker, keep, json.dumps(rows))]

    def register(self, worker: str, lease: float) -> None:
        if not self._call("register", worker, lease):
            raise LightjobsError(f"there is a worker {worker!r} already")

    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        if not workers:
            return []
        return [_text(worker) for worker in self._call("beat", lease, *workers)]

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        if worker is not None:
            return self._recover(worker)
        return sum(self._recover(_text(dead)) for dead in self._call("sweep", lease))

    def _recover(self, worker: str) -> int:
        total = 0
        while True:
            seen: int
            recovered: int
            seen, recovered = self._call("recover", worker, MAX_RECOVERIES, WORKER_LOST, PART)
            total += recovered
            if seen < PART:
                return total

    def move(self, name: str, where: Where = EVERYWHERE, progress: Progress | None = None) -> int:
        move = legal_move(name, where)
        arguments = (",".join(move.sources), move.target, int(move.fresh))
        return self._touch("move", move.sources, arguments, where, progress)

    def purge(
        self, status: str, where: Where = EVERYWHERE, progress: Progress | None = None
    ) -> int:
        return self._touch("purge", (legal_purge(status),), (status,), where, progress)

    def count(self, status: str, where: Where = EVERYWHERE) -> int:
        if where == Where(queue=where.queue):
            rows = self.stats().items()
            return sum(row.get(status, 0) for queue, row in rows if where.queue in (None, queue))
        return self._touch("count", (status,), (status,), where)

    def _touch(
        self,
        verb: str,
        statuses: Sequence[str],
        arguments: Sequence[str | int],
        where: Where,
        progress: Progress | None = None,
    ) -> int:
        if where.status not in (None, *statuses):
            return 0
        if Status.NEW in statuses and where.job_id is None and where.queue is None:
            self._php_reconciler.take()
        return touch(self._call, verb, statuses, arguments, where, progress)

    def pause_queue(self, queue: str) -> bool:
        return bool(self._call("pause_queue", argument(pausable(queue))))

    def resume_queue(self, queue: str) -> bool:
        return bool(self._call("resume_queue", argument(queue)))

    def paused_queues(self) -> list[str]:
        return sorted(_text(queue) for queue in self._call("paused_queues"))

    def _ids(self, key: bytes, start: int, status: str) -> list[bytes]:
        """A part of a list, from the place `start` on; what a worker holds is all in the first."""
        found: list[bytes] = []
        if status != Status.QUEUED:
            command = "ZREVRANGE" if status in ENDED else "ZRANGE"
            found = self._execute(command, key, start, start + PART - 1)
        elif start == 0:
            _, found = self._call("part", key, "", "", PART)
        return found

    def stats(self) -> dict[str, dict[str, int]]:
        self._php_reconciler.take()
        rows, from_php = self._call("stats")
        if from_php:
            self._call("reconcile_php")
            rows, _ = self._call("stats")
        none = dict.fromkeys(STATUSES, 0)
        counts = {}
        for queue, *row in zip(*[iter(rows)] * (1 + len(_COUNTED)), strict=True):
            if any(row):
                counts[_text(queue)] = none | dict(zip(_COUNTED, row, strict=True))
        return dict(sorted(counts.items()))

    def find(self, job_id: str) -> Stored | None:
        found = self._stored([argument(job_id)])
        return found[0] if found else self._aside(job_id)

    def _aside(self, job_id: str) -> Stored | None:
        """A job that could not be read and was set aside, with the reason as its exception."""
        reason = self._execute("HGET", f"{self._prefix}aside", argument(job_id))
        if reason is None:
            return None
        return Stored(
            job_id,
            "",
            "",
            "",
            ASIDE,
            0,
            0,
            "",
            "",
            f"set aside: {_text(reason)}",
            None,
            0,
            None,
            None,
        )

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
        if status == Status.NEW and queue is None:
            self._php_reconciler.take()
        found = [
            job
            for key in listed(self._call, status, queue)
            for job in self._listed(key, Where(None, queue, handler, before, status), limit)
        ]
        if status in ENDED:
            # Each list is in order, finer than the text is; sorting keeps that.
            return sorted(found, key=_ended_at, reverse=True)[:limit]
        return sorted(found, key=_by_due)[:limit]

    def _listed(self, key: bytes, where: Where, limit: int) -> list[Stored]:
        assert where.status is not None
        jobs: list[Stored] = []
        start = 0
        while len(jobs) < limit and (ids := self._ids(key, start, where.status)):
            start += len(ids)
            jobs += [job for job in self._stored(ids) if _fits(job, where)]
        return jobs

    def _stored(self, ids: Iterable[Any]) -> list[Stored]:
        return [_stored(*row) for row in _decoded(self._call("browse", *ids))]

    def recover_php(self, before: float) -> int:
        return sum(
            self._call("recover_php", utc_text(before), *ids)
            for _, ids in scan(self._execute, self._prefix, "job:")
            if ids
        )

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        keys = [f"{self._prefix}wake:{queue}" for queue in queues]
        due = self._due(queues)
        while True:
            if due <= 0:
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            pause = max(0.001, min(left, due))
            if not keys:
                time.sleep(pause)
                continue
            # PHP leaves no token; the caller asks again often enough for that.
            with self._translated():
                token = self._blocking_wait.sleep(keys, pause)
            if token == DUE:
                return True
            due = self._due(queues)

    def _due(self, queues: Sequence[str]) -> float:
        """In how many seconds the first job of the queues is due."""
        found = self._call("due", *queues)
        return float(found) if found else math.inf

    def limit(self, key: str, most: int, seconds: float) -> float:
        return float(self._call("limit", key, most, seconds)) / 1000

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        ids = new_ids(len(slots))
        rows = [
            (slot.entry, f"{slot.due:.6f}", "" if slot.job is None else _new_row(id, slot.job))
            for id, slot in zip(ids, slots, strict=True)
        ]
        accepted = self._call("push_slots", self._form, json.dumps(rows)) if rows else []
        return [
            id if taken and slot.job is not None else None
            for id, slot, taken in zip(ids, slots, accepted, strict=True)
        ]

    def enroll(self, entries: Sequence[str], due: float) -> None:
        self._call("enroll", f"{due:.6f}", *entries)

    def slots(self) -> dict[str, LastSlot]:
        return {
            _text(entry): LastSlot(
                float(due),
                _text(job_id) or None,
                float(job_due) if job_due else None,
                int(paused) == 1,
                int(completed) == 1,
            )
            for entry, due, paused, job_id, job_due, completed in zip(
                *[iter(self._call("slots"))] * 6, strict=True
            )
        }

    def pause_entry(self, entry: str) -> bool:
        return bool(self._call("pause_entry", entry))

    def resume_entry(self, entry: str, due: float) -> bool:
        return bool(self._call("resume_entry", entry, f"{due:.6f}"))

    def complete_entry(self, entry: str, job_id: str) -> bool:
        return bool(self._call("complete_entry", entry, job_id))

    def forget_entry(self, entry: str, before: float) -> bool:
        return bool(self._call("forget_entry", entry, f"{before:.6f}"))

    def install(self, dry_run: bool = False) -> list[str]:
        return []

    def installed(self) -> list[tuple[str, str | None]]:
        return []

    def problems(self) -> list[str]:
        try:
            self._call("stats")
        except LightjobsError as error:
            return [str(error)]
        return []

    def warnings(self) -> list[str]:
        return [f"{self.name}: {risk}" for risk in risks(self._execute, self._prefix)]

    def close(self) -> None:
        self._producer.close()
        self._blocking_wait.close()
        self._node.close()

    def _call(self, script: str, *arguments: Any) -> Any:
        with self._translated():
            return call(self._node.exchange, script, self._prefix, *arguments)

    def _execute(self, *command: Any) -> Any:
        with self._translated():
            return self._node.execute(*command)

    @contextmanager
    def _translated(self, fate: str = "") -> Iterator[None]:
        said = f"{fate}: " if fate else ""
        try:
            yield
        except exceptions.ClusterCrossSlotError as error:
            raise SettingsError(
                f"REDIS_JOB_PREFIX is {self._prefix!r}; on a Redis Cluster it needs a hash tag, "
                "which keeps all jobs on one node: {jobs}: for example"
            ) from error
        except exceptions.OutOfMemoryError as error:
            raise StoreUnavailable(f"{self.name} is full: {said}{error}") from error
        except (exceptions.RedisError, OSError) as error:
            raise StoreUnavailable(f"{self.name}: {said}{error}") from error


def _spoken(ids: Sequence[str]) -> str:
    return "the job" if len(ids) == 1 else f"the batch of {len(ids)} jobs"


def _new_row(id: str, job: NewJob) -> tuple[str, ...]:
    handler, queue, payload, due, priority, options = job
    moment = "" if due is None else f"{due:.6f}"
    return id, handler, queue, payload, moment, str(priority), options or ""


def _claims(reply: bytes | str) -> list[Claim]:
    return [Claim._make((*row[:8], row[8] or None)) for row in _decoded(reply)]


def _decoded(reply: bytes | str) -> list[list[Any]]:
    """The rows in a script's JSON; bytes that are no UTF-8 become lone surrogates, so that they
    fail their own job and no other."""
    if not reply:
        return []
    text = reply.decode("utf-8", "surrogateescape") if isinstance(reply, bytes) else reply
    rows: list[list[Any]] = json.loads(text)
    return rows


def _by_due(job: Stored) -> tuple[str, str]:
    return job.scheduled_at, job.id


def _fits(job: Stored, where: Where) -> bool:
    """As bulk.lua has it."""
    dated = (job.failed_at if job.status in ENDED else job.created_at) or ""
    return (
        job.status == where.status
        and where.queue in (None, job.queue)
        and where.handler in (None, job.handler)
        and (where.before is None or dated < utc_text(where.before))
    )


def _ended_at(job: Stored) -> str:
    return job.failed_at or ""


def _fields(outcome: Outcome) -> tuple[Any, ...]:
    if type(outcome) is Release:
        return (outcome.id, outcome.fence, f"{outcome.due:.6f}", outcome.attempts)
    return tuple(outcome)


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _stored(
    id: str,
    status: str,
    fence: int,
    attempts: int,
    queue: str,
    priority: int,
    handler: str,
    payload: str,
    recoveries: int,
    created_at: str,
    options: str,
    scheduled_at: str,
    exception: str,
    failed_at: str,
    worker: str,
    updated_at: str,
) -> Stored:
    return Stored(
        id,
        handler,
        queue,
        payload,
        status,
        attempts,
        priority,
        created_at,
        scheduled_at,
        exception or None,
        failed_at or None,
        recoveries,
        worker or None,
        options or None,
    )
